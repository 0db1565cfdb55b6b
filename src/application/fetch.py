"""Downloads one file with pip's own session, and so with the user's proxies, certificates, netrc and keyring.

    python3 fetch.py <destination>

The address comes on standard input: it may hold a password, and every user of a machine can read arguments.
"""

import sys


def main():
    destination = sys.argv[1]
    address = sys.stdin.readline().strip()

    from pip._internal.commands.download import DownloadCommand

    class FetchCommand(DownloadCommand):
        def run(self, options, args):
            try:
                session = self.get_default_session(options)
                # A server must not unpack what is to be checked by its digest.
                headers = {"Accept-Encoding": "identity"}
                with session.get(address, headers=headers, stream=True) as response:
                    response.raise_for_status()
                    with open(destination, "wb") as file:
                        for chunk in response.raw.stream(1 << 16, decode_content=False):
                            file.write(chunk)
            except OSError as error:
                # What requests raises is an OSError, too.
                sys.stderr.write("%s\n" % error)
                return 1
            return 0

    return FetchCommand("download", "Downloads one file").main(["--quiet"])


if __name__ == "__main__":
    sys.exit(main())
