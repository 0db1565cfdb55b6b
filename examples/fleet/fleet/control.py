"""fleet-control: the service that knows the state of every node."""

import http.server
import json
import re
import signal
import socketserver
import ssl
import sys
import threading
import time

from . import __version__, command, configuration
from .errors import FleetError
from .state import Node, State

LARGEST_BODY = 64 * 1024

_NODE = re.compile(r"/v1/nodes/([^/]+)\Z")
_HEARTBEAT = re.compile(r"/v1/nodes/([^/]+)/heartbeat\Z")


class _Refusal(Exception):
    def __init__(self, status, reason):
        super(_Refusal, self).__init__(reason)
        self.status = status


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """An HTTP server with a state; ``tls`` is an ssl.SSLContext or None."""

    daemon_threads = True

    def __init__(self, address, state, tls=None, clock=time.time):
        super(Server, self).__init__(address, Handler)
        self.state = state
        self.clock = clock
        if tls is not None:
            # The handshake belongs to the thread of the request, so that a silent client cannot hold up the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """Say in one line that a client broke off or does not trust the certificate; the service goes on."""
        sys.stderr.write("fleet-control: {}: {}\n".format(client_address[0], sys.exc_info()[1]))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every request with JSON."""

    server_version = "fleet-control/" + __version__
    timeout = 30

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._post)

    def _answer(self, action):
        try:
            status, result = 200, action()
        except _Refusal as refusal:
            status, result = refusal.status, {"error": str(refusal)}
        except FleetError as error:
            status, result = 400, {"error": str(error)}
        body = (json.dumps(result, sort_keys=True) + "\n").encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _get(self):
        now = self.server.clock()
        if self.path == "/v1/version":
            return {"version": __version__}
        if self.path == "/v1/nodes":
            return [node.report(now) for node in self.server.state.nodes()]
        match = _NODE.match(self.path)
        node = match and self.server.state.node(match.group(1))
        if not node:
            raise _Refusal(404, "there is no {}".format(self.path))
        return node.report(now)

    def _post(self):
        match = _HEARTBEAT.match(self.path)
        if not match:
            raise _Refusal(404, "there is no {}".format(self.path))
        body = self._body()
        known = {key: body[key] for key in ("hostname", "system", "version") if key in body}
        node = Node(name=match.group(1), seen=self.server.clock(), **known)
        self.server.state.record(node)
        return node.report(node.seen)

    def _body(self):
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            raise _Refusal(411, "the length of the body is missing")
        if not 0 <= length <= LARGEST_BODY:
            raise _Refusal(413, "the body may have {} bytes".format(LARGEST_BODY))
        try:
            body = json.loads(self.rfile.read(length).decode("utf-8"))
        except ValueError:
            raise _Refusal(400, "the body is not JSON")
        if not isinstance(body, dict):
            raise _Refusal(400, "the body is not a JSON object")
        return body


def _parse(arguments):
    parser = command.make_parser("fleet-control", "Keep the state of every node and answer questions about it.")
    parser.add_argument("--configuration", metavar="FILE", help="default: " + configuration.DEFAULT_PATH)
    parser.add_argument("--listen", metavar="ADDRESS", help="address to listen on")
    parser.add_argument("--port", type=int, metavar="PORT", help="port to listen on; 0 takes any free one")
    parser.add_argument("--data-path", metavar="DIRECTORY", help="where the state is kept")
    parser.add_argument("--certificate", metavar="FILE", help="serve HTTPS with this certificate")
    parser.add_argument("--key", metavar="FILE", help="the certificate's private key")
    return parser.parse_args(arguments)


def _tls(certificate, key):
    if (certificate is None) != (key is None):
        raise FleetError("--certificate and --key belong together")
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise FleetError("cannot use {} and {}: {}".format(certificate, key, error))
    return context


def _serve(options):
    settings = configuration.read(options.configuration)
    listen = settings.listen if options.listen is None else options.listen
    port = settings.port if options.port is None else options.port
    tls = _tls(options.certificate, options.key)
    state = State(options.data_path or settings.data_path)
    try:
        server = Server((listen, port), state, tls)
    except (OSError, OverflowError) as error:
        raise FleetError("cannot listen on {}:{}: {}".format(listen, port, error))

    def stop(_signal, _frame):
        # shutdown() waits for the loop that this very thread runs, hence the other thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheme = "http" if tls is None else "https"
    sys.stdout.write("listening on {}://{}:{}\n".format(scheme, listen, server.server_address[1]))
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()


def main(arguments=None):
    """The program's entry point; returns its exit status."""
    options = _parse(arguments)
    return command.run("fleet-control", lambda: _serve(options))


if __name__ == "__main__":
    sys.exit(main())
