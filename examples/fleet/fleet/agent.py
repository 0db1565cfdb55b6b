"""fleet-agent: runs on a node and tells the control service that it is alive."""

import platform
import signal
import socket
import sys
import threading

from . import __version__, command, configuration
from .client import ControlClient
from .errors import FleetError


def facts():
    """What a heartbeat says about this machine."""
    return {"hostname": socket.gethostname(), "system": platform.platform()[:256], "version": __version__}


def _parse(arguments):
    parser = command.make_parser("fleet-agent", "Send heartbeats to the control service.")
    parser.add_argument("--configuration", metavar="FILE", help="default: " + configuration.DEFAULT_PATH)
    parser.add_argument("--control", metavar="URL", help="address of the control service")
    parser.add_argument("--authority", metavar="FILE", help="the cluster's certificate, for https")
    parser.add_argument("--name", help="this node's name; default: its host name")
    parser.add_argument("--interval", type=float, metavar="SECONDS", help="time between two heartbeats")
    parser.add_argument("--once", action="store_true", help="send one heartbeat and end")
    return parser.parse_args(arguments)


def _run(options):
    settings = configuration.read(options.configuration)
    client = ControlClient(options.control or settings.url, options.authority)
    name = options.name or socket.gethostname()
    interval = options.interval or settings.interval
    if options.once:
        client.heartbeat(name, facts())
        sys.stdout.write("{} is known to the control service\n".format(name))
        return
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: ended.set())
    while not ended.is_set():
        try:
            client.heartbeat(name, facts())
        except FleetError as error:
            # The service may be down for a while; the next heartbeat comes anyway.
            sys.stderr.write("fleet-agent: {}\n".format(error))
        ended.wait(interval)


def main(arguments=None):
    """The program's entry point; returns its exit status."""
    options = _parse(arguments)
    return command.run("fleet-agent", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
