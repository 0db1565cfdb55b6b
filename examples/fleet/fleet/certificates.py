"""The certificates of a cluster: one authority, and one certificate for each of its machines."""

import datetime
import ipaddress
import os
import warnings

# The last versions of cryptography for an old Python say at import that it is old. Whoever installs a package for an
# old distribution knows.
warnings.filterwarnings("ignore", message=".*no longer supported by the Python core team.*")

from cryptography import x509  # noqa: E402
from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.backends import default_backend  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

from .errors import FleetError  # noqa: E402

AUTHORITY = "cluster"
AUTHORITY_YEARS = 20
MACHINE_YEARS = 2


def initialize(directory, cluster):
    """Make the authority's key and certificate in ``directory``; returns the two paths."""
    key = _new_key()
    name = _name(cluster)
    builder = _builder(name, name, key, AUTHORITY_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256(), default_backend())
    return _write(directory, AUTHORITY, key, certificate)


def create_control_certificate(directory, hostname):
    """Make a certificate for the machine that runs the control service; returns the two paths."""
    return _create(directory, "control-" + hostname, hostname, ExtendedKeyUsageOID.SERVER_AUTH, _alternative(hostname))


def create_node_certificate(directory, identity):
    """Make a certificate for a node, which only has a name; returns the two paths."""
    return _create(directory, "node-" + identity, identity, ExtendedKeyUsageOID.CLIENT_AUTH, None)


def verify(directory, path):
    """Whether the certificate in ``path`` was signed by the authority in ``directory`` and is valid now."""
    authority = _load_certificate(os.path.join(directory, AUTHORITY + ".crt"))
    certificate = _load_certificate(path)
    try:
        authority.public_key().verify(
            certificate.signature,
            certificate.tbs_certificate_bytes,
            ec.ECDSA(certificate.signature_hash_algorithm),
        )
    except InvalidSignature:
        raise FleetError("{} was not signed by this cluster's authority".format(path))
    begins, ends = _validity(certificate)
    if not begins <= _now() <= ends:
        raise FleetError("{} is valid from {} to {}, not now".format(path, begins, ends))


def _create(directory, stem, common_name, purpose, alternative):
    authority_path = os.path.join(directory, AUTHORITY)
    authority = _load_certificate(authority_path + ".crt")
    authority_key = _load_key(authority_path + ".key")
    key = _new_key()
    builder = _builder(_name(common_name), authority.subject, key, MACHINE_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if alternative is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    certificate = builder.sign(authority_key, hashes.SHA256(), default_backend())
    return _write(directory, stem, key, certificate)


def _alternative(hostname):
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname)


def _name(text):
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    except ValueError as error:
        raise FleetError("{!r} cannot be a certificate's name: {}".format(text, error))


def _usage(authority):
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key():
    return ec.generate_private_key(ec.SECP256R1(), default_backend())


def _now():
    # X.509 times are UTC, and cryptography takes them without a zone, old versions as well as new ones.
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)


def _validity(certificate):
    if hasattr(certificate, "not_valid_before_utc"):
        limits = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        return tuple(limit.replace(tzinfo=None) for limit in limits)
    return certificate.not_valid_before, certificate.not_valid_after


def _builder(subject, issuer, key, years):
    # An hour back, for machines whose clocks are not quite right.
    begin = _now() - datetime.timedelta(hours=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=365 * years))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False)


def _load_certificate(path):
    try:
        with open(path, "rb") as stream:
            return x509.load_pem_x509_certificate(stream.read(), default_backend())
    except FileNotFoundError:
        raise FleetError("there is no certificate {}".format(path))
    except (OSError, ValueError) as error:
        raise FleetError("cannot read the certificate {}: {}".format(path, error))


def _load_key(path):
    try:
        with open(path, "rb") as stream:
            return serialization.load_pem_private_key(stream.read(), None, default_backend())
    except FileNotFoundError:
        raise FleetError("there is no key {}".format(path))
    except (OSError, ValueError) as error:
        raise FleetError("cannot read the key {}: {}".format(path, error))


def _write(directory, stem, key, certificate):
    key_bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_path = os.path.join(directory, stem + ".key")
    certificate_path = os.path.join(directory, stem + ".crt")
    _write_new(key_path, key_bytes, 0o600)
    try:
        _write_new(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    except FleetError:
        os.unlink(key_path)
        raise
    return key_path, certificate_path


def _write_new(path, data, mode):
    # O_EXCL: a key is never overwritten; the mode is right from the first moment on, whatever the umask.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FleetError("{} exists already".format(path))
    except OSError as error:
        raise FleetError("cannot write {}: {}".format(path, error.strerror))
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        os.fchmod(stream.fileno(), mode)
