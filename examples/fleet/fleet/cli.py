"""fleet: asks the control service about the nodes."""

import json
import sys
import time

from . import command, configuration
from .client import ControlClient

COLUMNS = ("name", "state", "hostname", "version", "seen")


def table(nodes):
    """The nodes as lines of a table, with a head."""
    rows = [tuple(column.upper() for column in COLUMNS)]
    for node in nodes:
        seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(node["seen"]))
        rows.append((node["name"], node["state"], node["hostname"], node["version"], seen))
    widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _parse(arguments):
    parser = command.make_parser("fleet", "Ask the control service about the nodes of the fleet.")
    parser.add_argument("--configuration", metavar="FILE", help="default: " + configuration.DEFAULT_PATH)
    parser.add_argument("--control", metavar="URL", help="address of the control service")
    parser.add_argument("--authority", metavar="FILE", help="the cluster's certificate, for https")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    # add_subparsers(required=...) came with Python 3.7.
    commands.required = True
    commands.add_parser("list", help="list every node")
    status = commands.add_parser("status", help="show one node")
    status.add_argument("node", metavar="NODE")
    commands.add_parser("control-version", help="show the version of the control service")
    return parser.parse_args(arguments)


def _ask(client, options):
    if options.command == "control-version":
        version = client.version()
        return {"version": version}, [version]
    if options.command == "status":
        node = client.node(options.node)
        return node, table([node])
    nodes = client.nodes()
    return nodes, table(nodes)


def _run(options):
    settings = configuration.read(options.configuration)
    client = ControlClient(options.control or settings.url, options.authority)
    value, lines = _ask(client, options)
    if options.json:
        lines = [json.dumps(value, indent=2, sort_keys=True)]
    sys.stdout.write("".join(line + "\n" for line in lines))


def main(arguments=None):
    """The program's entry point; returns its exit status."""
    options = _parse(arguments)
    return command.run("fleet", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
