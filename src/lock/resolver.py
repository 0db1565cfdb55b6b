"""Runs pip so that it resolves for another interpreter than the one it runs on.

    python3 resolver.py '<JSON object of PEP 508 variables>' <pip arguments...>

pip's --python-version and --platform choose among files, but markers ("; python_version < '3.8'") are always evaluated
for the running interpreter, `pip install` compares the Requires-Python of what it chose with the running interpreter as
well, and source distributions are refused outright with these options. All of it is put right here, in the one process;
the environments that pip starts to build sdists are not touched.
"""

import json
import sys


def main():
    variables = json.loads(sys.argv[1])
    arguments = sys.argv[2:]

    import pip._vendor.packaging.markers as markers

    # A pip that keeps its markers elsewhere would silently answer for the host: rather stop.
    assert callable(markers.default_environment)
    markers.default_environment = lambda: dict(variables)

    from pip._internal.resolution.resolvelib.candidates import RequiresPythonCandidate

    version = tuple(int(part) for part in variables["python_full_version"].split(".")[:3])
    compare = RequiresPythonCandidate.__init__
    RequiresPythonCandidate.__init__ = lambda self, *args: compare(self, version)

    from pip._internal.cli import cmdoptions

    assert callable(cmdoptions.check_dist_restriction)
    # Sdists that are not pure Python are refused after they were built, with a reason that people can use.
    cmdoptions.check_dist_restriction = lambda *args, **kwargs: None

    from pip._internal.cli.main import main as pip_main

    return pip_main(arguments)


if __name__ == "__main__":
    sys.exit(main())
