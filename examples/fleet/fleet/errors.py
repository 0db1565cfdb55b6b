"""The one error that people are meant to read."""


class FleetError(Exception):
    """Something that the person at the terminal can understand and put right."""
