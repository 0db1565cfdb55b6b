"""What the control service knows, kept in one JSON file."""

import json
import os
import re
import tempfile
import threading

import attr

from .errors import FleetError

# A node that was silent for longer than this many seconds is said to be down.
LATE_AFTER = 90.0

_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


def _is_name(_instance, _attribute, value):
    if not isinstance(value, str) or not _NODE_NAME.match(value):
        raise FleetError("not a node's name: {!r}".format(value))


def _is_short_text(_instance, attribute, value):
    if not isinstance(value, str) or len(value) > 256:
        raise FleetError("{} has to be a text of at most 256 characters".format(attribute.name))


@attr.s(frozen=True, slots=True)
class Node(object):
    """One machine, as it was when it last sent a heartbeat (seconds since 1970)."""

    name = attr.ib(validator=_is_name)
    seen = attr.ib()
    hostname = attr.ib(default="", validator=_is_short_text)
    system = attr.ib(default="", validator=_is_short_text)
    version = attr.ib(default="", validator=_is_short_text)

    def report(self, now):
        """The node as the service shows it at the time ``now``."""
        result = attr.asdict(self)
        result["state"] = "up" if now - self.seen <= LATE_AFTER else "down"
        return result


class State(object):
    """The nodes, in memory and in ``nodes.json`` below the data path; safe to use from several threads."""

    def __init__(self, data_path):
        self._path = os.path.join(data_path, "nodes.json")
        self._lock = threading.Lock()
        try:
            os.makedirs(data_path, exist_ok=True)
            self._nodes = self._load()
        except OSError as error:
            raise FleetError("cannot use the data path {}: {}".format(data_path, error.strerror))

    def _load(self):
        try:
            with open(self._path, encoding="utf-8") as stream:
                listed = json.load(stream)["nodes"]
            return {item["name"]: Node(**item) for item in listed}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError) as error:
            raise FleetError("{} is damaged: {}".format(self._path, error))

    def _save(self):
        # Whole or not at all: a crash while writing must not lose what is known.
        handle, temporary = tempfile.mkstemp(prefix="nodes-", dir=os.path.dirname(self._path))
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                listed = [attr.asdict(self._nodes[name]) for name in sorted(self._nodes)]
                json.dump({"nodes": listed}, stream, indent=2, sort_keys=True)
                stream.write("\n")
            os.replace(temporary, self._path)
        except BaseException:
            os.unlink(temporary)
            raise

    def record(self, node):
        """Take in a heartbeat."""
        with self._lock:
            self._nodes[node.name] = node
            self._save()

    def nodes(self):
        """Every node, sorted by name."""
        with self._lock:
            return [self._nodes[name] for name in sorted(self._nodes)]

    def node(self, name):
        """One node, or None."""
        with self._lock:
            return self._nodes.get(name)
