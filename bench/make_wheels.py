"""Writes a wheelhouse for the benchmark: an application and the libraries that it needs, the same ones every time.

    make_wheels.py DIRECTORY FILES MEGABYTES

The libraries hold FILES files of MEGABYTES altogether, as large environments do: most files are small modules, most
bytes are in a few large files that compress as libraries do.
"""

import base64
import hashlib
import os
import random
import sys
import zipfile

LIBRARIES = 60
MODULE_BYTES = 6000
WORDS = "value result index state error request table widget node vector length buffer option default".split()

# Maps every byte to one of 64.
LOW = bytes(value % 64 for value in range(256))


def module(source):
    """A module of about MODULE_BYTES, valid Python."""
    lines, size = [], 0
    while size < MODULE_BYTES:
        name = "_".join(source.choices(WORDS, k=3))
        line = "{}_{} = {!r}\n".format(name, source.randrange(10**6), " ".join(source.choices(WORDS, k=6)))
        lines.append(line)
        size += len(line)
    return "".join(lines).encode("ascii")


def large(source, size, pool):
    """Bytes that compress to about 40 % as machine code does: known pieces, with something new between them."""
    count = size // 36 + 1
    new = source.randbytes(count * 12).translate(LOW)
    pieces = source.choices(pool, k=count)
    return b"".join(piece + new[at * 12 : at * 12 + 12] for at, piece in enumerate(pieces))[:size]


def write_wheel(directory, name, files, requires, scripts=""):
    info = "{}-1.0.dist-info/".format(name)
    metadata = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\nSummary: For the benchmark\nLicense: MIT\n".format(name)
    metadata += "".join("Requires-Dist: {}==1.0\n".format(each) for each in requires)
    files = dict(files)
    files[info + "METADATA"] = metadata.encode("ascii")
    files[info + "WHEEL"] = b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        files[info + "entry_points.txt"] = scripts.encode("ascii")
    record = []
    path = os.path.join(directory, "{}-1.0-py3-none-any.whl".format(name))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
            record.append("{},sha256={},{}\n".format(member, digest, len(data)))
            archive.writestr(zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 1)
        record.append(info + "RECORD,,\n")
        archive.writestr(zipfile.ZipInfo(info + "RECORD", (2024, 1, 1, 0, 0, 0)), "".join(record))


def main(directory, files, megabytes):
    source = random.Random(1)
    modules = files // LIBRARIES - 10
    rest = (megabytes * 10**6 - LIBRARIES * modules * MODULE_BYTES) // (LIBRARIES * 10)
    pool = [source.randbytes(24) for _ in range(4096)]
    names = ["benchlib{:02}".format(number) for number in range(LIBRARIES)]
    for name in names:
        content = {"{}/__init__.py".format(name): b""}
        for number in range(modules - 1):
            content["{}/part{:02}/module{:04}.py".format(name, number % 20, number)] = module(source)
        for number in range(10):
            content["{}/data/large{}.bin".format(name, number)] = large(source, max(rest, 2), pool)
        write_wheel(directory, name, content, [])
    scripts = "[console_scripts]\nbenchapp = benchapp:main\n"
    program = b"def main():\n    print('benchapp 1.0')\n"
    write_wheel(directory, "benchapp", {"benchapp/__init__.py": program}, names, scripts)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
