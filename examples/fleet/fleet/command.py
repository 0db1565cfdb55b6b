"""What all four programs have in common on the command line."""

import argparse
import sys

from . import __version__
from .errors import FleetError


def make_parser(program, description):
    """An argument parser that knows ``--version``."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--version", action="version", version="%(prog)s " + __version__)
    return parser


def run(program, action):
    """Run a program's action and return its exit status; a FleetError is said on stderr, without a traceback."""
    try:
        return action() or 0
    except FleetError as error:
        sys.stderr.write("{}: {}\n".format(program, error))
        return 1
    except KeyboardInterrupt:
        return 130
