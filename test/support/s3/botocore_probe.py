"""Asks an S3 server with botocore, which is not ours, and prints what it answers as JSON: {question: answer}."""

import base64
import datetime
import hashlib
import json
import sys

import botocore.auth
import botocore.config
import botocore.exceptions
import botocore.session

endpoint, bucket, access_key, secret = sys.argv[1:5]


def client(access_key=access_key, secret=secret, unsigned=False):
    session = botocore.session.Session()
    options = {
        "s3": {"addressing_style": "path"},
        "retries": {"max_attempts": 1, "mode": "standard"},
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    if unsigned:
        options["signature_version"] = botocore.UNSIGNED
    return session.create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(**options),
    )


def ask(action):
    """What an action answers: its result, or S3's code and HTTP's status."""
    try:
        return action()
    except botocore.exceptions.ClientError as error:
        response = error.response
        return "%s %s" % (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


owner = client()
anyone = client(unsigned=True)
answers = {}


def put(key, data, **more):
    return owner.put_object(Bucket=bucket, Key=key, Body=data, **more)["ETag"].strip('"') == hashlib.md5(data).hexdigest()


def read(who, key, **more):
    return who.get_object(Bucket=bucket, Key=key, **more)["Body"].read().decode()


answers["put"] = ask(lambda: put("a/plain", b"one", ChecksumSHA256=sha256(b"one"), CacheControl="no-cache", ContentType="text/plain", Metadata={"sha256": "x"}))
answers["get"] = ask(lambda: read(owner, "a/plain"))
answers["range"] = ask(lambda: read(owner, "a/plain", Range="bytes=1-"))
head = owner.head_object(Bucket=bucket, Key="a/plain")
answers["metadata"] = [head["CacheControl"], head["ContentType"], head["Metadata"], head["ContentLength"]]
etag = head["ETag"]
answers["create again"] = ask(lambda: put("a/plain", b"two", IfNoneMatch="*"))
answers["swap stale"] = ask(lambda: put("a/plain", b"two", IfMatch='"0123456789abcdef0123456789abcdef"'))
answers["swap"] = ask(lambda: put("a/plain", b"two", IfMatch=etag))
answers["swap vanished"] = ask(lambda: put("a/none", b"two", IfMatch=etag))
answers["create"] = ask(lambda: put("a/new", b"new", IfNoneMatch="*"))
answers["bad checksum"] = ask(lambda: put("a/bad", b"bad", ChecksumSHA256=sha256(b"good")))
answers["bad md5"] = ask(lambda: put("a/bad", b"bad", ContentMD5=base64.b64encode(hashlib.md5(b"good").digest()).decode()))
answers["nothing bad is stored"] = ask(lambda: read(owner, "a/bad"))
answers["acl"] = ask(lambda: put("a/acl", b"acl", ACL="public-read"))
for key in ("b/+plus", "b/~tilde^", "b/blank and \u00fc", "b/./dot", "b//empty"):
    answers["key " + key] = ask(lambda: put(key, key.encode()) and read(owner, key) == key)
answers["literal"] = ask(lambda: read(owner, "b/dot"))
answers["anonymous read"] = ask(lambda: read(anyone, "a/plain"))
answers["anonymous missing"] = ask(lambda: read(anyone, "a/none"))
answers["anonymous list"] = ask(lambda: anyone.list_objects_v2(Bucket=bucket))
answers["anonymous put"] = ask(lambda: anyone.put_object(Bucket=bucket, Key="a/x", Body=b"x"))
answers["missing"] = ask(lambda: read(owner, "a/none"))
answers["no bucket"] = ask(lambda: owner.get_object(Bucket="no-such-bucket", Key="x"))
answers["wrong secret"] = ask(lambda: client(secret="wrong").get_object(Bucket=bucket, Key="a/plain"))
answers["wrong key"] = ask(lambda: client(access_key="AKIAWRONG").get_object(Bucket=bucket, Key="a/plain"))
answers["copy"] = ask(lambda: owner.copy_object(Bucket=bucket, Key="c/copy", CopySource={"Bucket": bucket, "Key": "b/+plus"}) and read(owner, "c/copy"))
for number in range(12):
    put("d/%02d" % number, b"x")
pages = owner.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="d/", PaginationConfig={"PageSize": 5})
answers["pages"] = [len(page["Contents"]) for page in pages]
answers["keys"] = [item["Key"] for item in owner.list_objects_v2(Bucket=bucket, Prefix="b/")["Contents"]]


def multipart(key, **more):
    upload = owner.create_multipart_upload(Bucket=bucket, Key=key, Metadata={"sha256": "y"})["UploadId"]
    parts = []
    for number, data in enumerate((b"p" * 5 * 1024 * 1024, b"tail"), 1):
        part = owner.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=data)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    owner.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **more)
    head = owner.head_object(Bucket=bucket, Key=key)
    return [head["ContentLength"], head["ETag"][-3:], head["Metadata"]]


answers["multipart"] = ask(lambda: multipart("e/large", IfNoneMatch="*"))
answers["multipart again"] = ask(lambda: multipart("e/large", IfNoneMatch="*"))
answers["delete stale"] = ask(lambda: owner.delete_object(Bucket=bucket, Key="a/plain", IfMatch=etag) and "deleted")
answers["delete"] = ask(lambda: owner.delete_object(Bucket=bucket, Key="a/plain") and read(owner, "a/plain"))

# The clock of the client goes wrong last: botocore would correct it from the answers.
real = botocore.auth.get_current_datetime


def skewed(*args, **kwargs):
    return real(*args, **kwargs) + datetime.timedelta(minutes=20)


botocore.auth.get_current_datetime = skewed
answers["clock"] = ask(lambda: read(client(), "a/new"))
json.dump(answers, sys.stdout)
