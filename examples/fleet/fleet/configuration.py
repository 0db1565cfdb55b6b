"""The configuration file: /etc/fleet/fleet.ini, or what --configuration names."""

import configparser

import attr

from .errors import FleetError

DEFAULT_PATH = "/etc/fleet/fleet.ini"


@attr.s(frozen=True, slots=True)
class Configuration(object):
    """All settings; what the file leaves out has its default here."""

    listen = attr.ib(default="127.0.0.1")
    port = attr.ib(default=4700, converter=int)
    data_path = attr.ib(default="/var/lib/fleet")
    url = attr.ib(default="http://127.0.0.1:4700")
    interval = attr.ib(default=30.0, converter=float)


# The file's section and key of every setting.
_KEYS = {
    "listen": ("control", "listen"),
    "port": ("control", "port"),
    "data_path": ("control", "data-path"),
    "url": ("client", "control"),
    "interval": ("agent", "interval"),
}


def read(path=None):
    """Read a configuration file. A file that was named has to exist; the default one may be missing."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path or DEFAULT_PATH, encoding="utf-8") as stream:
            parser.read_file(stream)
    except FileNotFoundError:
        if path is not None:
            raise FleetError("there is no configuration file {}".format(path))
    except OSError as error:
        raise FleetError("cannot read {}: {}".format(path or DEFAULT_PATH, error.strerror))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise FleetError("{} is not a configuration file: {}".format(path or DEFAULT_PATH, error))
    values = {}
    for name, (section, key) in _KEYS.items():
        if parser.has_option(section, key):
            values[name] = parser.get(section, key)
    try:
        return Configuration(**values)
    except ValueError as error:
        raise FleetError("{}: {}".format(path or DEFAULT_PATH, error))
