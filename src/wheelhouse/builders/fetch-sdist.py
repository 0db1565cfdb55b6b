"""Runs `pip download` for one source distribution without looking into it.

    python3 fetch-sdist.py NAME VERSION <pip arguments...>

pip prepares the metadata of every source distribution that it downloads, which runs the project's code and fails on a
machine that lacks the project's compilers and libraries. What the metadata would say is known here already.
"""

import os
import sys
import tempfile


def main():
    name, version = sys.argv[1:3]
    arguments = sys.argv[3:]

    from pip._internal.distributions.sdist import SourceDistribution

    with tempfile.TemporaryDirectory() as scratch:
        directory = os.path.join(scratch, "%s-%s.dist-info" % (name.replace("-", "_"), version))
        os.mkdir(directory)
        with open(os.path.join(directory, "METADATA"), "w") as metadata:
            metadata.write("Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version))

        # A pip that works otherwise would run the project's code after all: rather stop.
        assert callable(SourceDistribution.prepare_distribution_metadata)

        def prepare(self, *args, **kwargs):
            assert hasattr(self.req, "metadata_directory")
            self.req.metadata_directory = directory

        SourceDistribution.prepare_distribution_metadata = prepare

        from pip._internal.cli.main import main as pip_main

        return pip_main(arguments)


if __name__ == "__main__":
    sys.exit(main())
