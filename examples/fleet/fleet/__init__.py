"""Keeps an eye on a fleet of machines."""

# The one place where the version is written; setup.cfg reads it from here.
__version__ = "1.0.0"
