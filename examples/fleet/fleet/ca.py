"""fleet-ca: the cluster's certificate authority."""

import re
import sys
import uuid

from . import certificates, command
from .errors import FleetError

_HOSTNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,63}\Z")


def _parse(arguments):
    parser = command.make_parser("fleet-ca", "Make the certificates of a cluster.")
    parser.add_argument("--path", default=".", metavar="DIRECTORY", help="where the certificates are; default: here")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    initialize = commands.add_parser("initialize", help="make the authority: cluster.key and cluster.crt")
    initialize.add_argument("cluster", metavar="CLUSTER", help="the cluster's name")
    control = commands.add_parser("create-control-certificate", help="make the control service's certificate")
    control.add_argument("hostname", metavar="HOSTNAME", help="host name or address that the nodes use")
    node = commands.add_parser("create-node-certificate", help="make a node's certificate")
    node.add_argument("--identity", help="the node's name; default: a new UUID")
    verify = commands.add_parser("verify", help="check that a certificate belongs to the cluster")
    verify.add_argument("certificate", metavar="FILE")
    return parser.parse_args(arguments)


def _checked(name):
    # The name becomes a part of a file's name.
    if not _HOSTNAME.match(name):
        raise FleetError("{!r} is not a host name".format(name))
    return name


def _run(options):
    if options.command == "verify":
        certificates.verify(options.path, options.certificate)
        sys.stdout.write("{} belongs to the cluster\n".format(options.certificate))
        return
    if options.command == "initialize":
        paths = certificates.initialize(options.path, options.cluster)
    elif options.command == "create-control-certificate":
        paths = certificates.create_control_certificate(options.path, _checked(options.hostname))
    else:
        identity = _checked(options.identity or str(uuid.uuid4()))
        paths = certificates.create_node_certificate(options.path, identity)
    sys.stdout.write("".join("created {}\n".format(path) for path in paths))


def main(arguments=None):
    """The program's entry point; returns its exit status."""
    options = _parse(arguments)
    return command.run("fleet-ca", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
