"""Every program, run as a person would run it, and the service over a real socket."""

import contextlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import unittest
import unittest.mock
import urllib.error
import urllib.request

import fleet
from fleet import agent, ca, cli, configuration, control
from fleet.errors import FleetError
from fleet.state import Node, State


def call(main, *arguments):
    """Run a program in this process; returns its status, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(list(arguments))
        except SystemExit as stop:
            status = stop.code
    return status, out.getvalue(), err.getvalue()


class ScratchCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = scratch.name

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return path


class EveryProgram(unittest.TestCase):
    programs = {"fleet": cli.main, "fleet-ca": ca.main, "fleet-control": control.main, "fleet-agent": agent.main}

    def test_says_its_version(self):
        for name, main in self.programs.items():
            self.assertEqual(call(main, "--version"), (0, "{} {}\n".format(name, fleet.__version__), ""))

    def test_says_how_it_is_used(self):
        for name, main in self.programs.items():
            status, out, _ = call(main, "--help")
            self.assertEqual(status, 0)
            self.assertTrue(out.startswith("usage: {} ".format(name)), out)

    def test_clients_and_authority_want_a_command(self):
        for name in ("fleet", "fleet-ca"):
            self.assertEqual(call(self.programs[name])[0], 2)


class Authority(ScratchCase):
    def ca(self, *arguments):
        return call(ca.main, "--path", self.path, *arguments)

    def test_makes_certificates_that_it_can_verify(self):
        self.assertEqual(self.ca("initialize", "mycluster")[0], 0)
        self.assertEqual(self.ca("create-control-certificate", "127.0.0.1")[0], 0)
        self.assertEqual(self.ca("create-node-certificate", "--identity", "node1")[0], 0)
        self.assertEqual(
            sorted(os.listdir(self.path)),
            ["cluster.crt", "cluster.key", "control-127.0.0.1.crt", "control-127.0.0.1.key", "node-node1.crt",
             "node-node1.key"],
        )
        for name in os.listdir(self.path):
            mode = stat.S_IMODE(os.stat(os.path.join(self.path, name)).st_mode)
            self.assertEqual(mode, 0o600 if name.endswith(".key") else 0o644, name)
        for name in ("control-127.0.0.1.crt", "node-node1.crt", "cluster.crt"):
            self.assertEqual(self.ca("verify", os.path.join(self.path, name))[0], 0)

    def test_refuses_a_certificate_of_another_cluster(self):
        self.ca("initialize", "mycluster")
        other = os.path.join(self.path, "other")
        os.mkdir(other)
        call(ca.main, "--path", other, "initialize", "other")
        call(ca.main, "--path", other, "create-node-certificate", "--identity", "stranger")
        status, _, err = self.ca("verify", os.path.join(other, "node-stranger.crt"))
        self.assertEqual(status, 1)
        self.assertIn("was not signed by this cluster's authority", err)

    def test_never_overwrites(self):
        self.ca("initialize", "mycluster")
        with open(os.path.join(self.path, "cluster.key"), "rb") as stream:
            before = stream.read()
        status, _, err = self.ca("initialize", "mycluster")
        self.assertEqual((status, "exists already" in err), (1, True))
        with open(os.path.join(self.path, "cluster.key"), "rb") as stream:
            self.assertEqual(stream.read(), before)

    def test_needs_an_authority_and_a_decent_name(self):
        status, _, err = self.ca("create-node-certificate")
        self.assertEqual((status, "there is no certificate" in err), (1, True))
        status, _, err = self.ca("create-control-certificate", "../evil")
        self.assertEqual((status, "is not a host name" in err), (1, True))


class Service(ScratchCase):
    def setUp(self):
        super(Service, self).setUp()
        self.now = 1000.0
        # The service's log of requests goes to stderr, which belongs to the programs under test here.
        quiet = unittest.mock.patch.object(control.Handler, "log_message")
        quiet.start()
        self.addCleanup(quiet.stop)
        self.server = control.Server(("127.0.0.1", 0), State(self.path), clock=lambda: self.now)
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = "http://127.0.0.1:{}".format(self.server.server_address[1])

    def fleet(self, *arguments):
        return call(cli.main, "--control", self.url, *arguments)

    def agent(self, name):
        return call(agent.main, "--control", self.url, "--name", name, "--once")

    def test_knows_a_node_after_its_heartbeat(self):
        self.assertEqual(self.fleet("--json", "list")[1], "[]\n")
        self.assertEqual(self.agent("node1"), (0, "node1 is known to the control service\n", ""))
        status, out, _ = self.fleet("--json", "status", "node1")
        node = json.loads(out)
        self.assertEqual((status, node["name"], node["state"]), (0, "node1", "up"))
        self.assertEqual(node["version"], fleet.__version__)
        self.assertEqual(self.fleet("control-version")[1], fleet.__version__ + "\n")

    def test_says_that_a_silent_node_is_down(self):
        self.agent("node1")
        self.now += 91
        self.agent("node2")
        states = {node["name"]: node["state"] for node in json.loads(self.fleet("--json", "list")[1])}
        self.assertEqual(states, {"node1": "down", "node2": "up"})
        lines = self.fleet("list")[1].splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "STATE", "HOSTNAME", "VERSION", "SEEN"])
        self.assertTrue(lines[1].endswith("1970-01-01 00:16:40 UTC"), lines[1])

    def test_remembers_after_a_restart(self):
        self.agent("node1")
        self.assertEqual([node.name for node in State(self.path).nodes()], ["node1"])

    def test_refuses_what_it_does_not_understand(self):
        status, _, err = self.fleet("status", "nobody")
        self.assertEqual((status, err), (1, "fleet: there is no /v1/nodes/nobody\n"))
        heartbeat = "/v1/nodes/node1/heartbeat"
        cases = [
            ("/v1/elsewhere", None, 404),
            (heartbeat, b"{", 400),
            (heartbeat, b"[]", 400),
            (heartbeat, b'{"hostname": 3}', 400),
            ("/v1/nodes/-bad/heartbeat", b"{}", 400),
            (heartbeat, b" " * (control.LARGEST_BODY + 1), 413),
        ]
        for path, body, expected in cases:
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(self.url + path, data=body)
            self.assertEqual(caught.exception.code, expected, path)
            caught.exception.close()
        self.assertEqual(State(self.path).nodes(), [])


class Daemon(ScratchCase):
    def start(self, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "fleet.control", "--port", "0", "--data-path", self.path] + list(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, process.stdout.readline().split()[-1]

    def test_ends_well_when_it_is_told_to(self):
        process, url = self.start()
        self.assertEqual(call(cli.main, "--control", url, "control-version")[1], fleet.__version__ + "\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)

    def test_serves_https_with_a_certificate_of_the_cluster(self):
        call(ca.main, "--path", self.path, "initialize", "mycluster")
        call(ca.main, "--path", self.path, "create-control-certificate", "127.0.0.1")
        stem = os.path.join(self.path, "control-127.0.0.1")
        _, url = self.start("--certificate", stem + ".crt", "--key", stem + ".key")
        self.assertTrue(url.startswith("https://"), url)
        authority = os.path.join(self.path, "cluster.crt")
        status, out, err = call(cli.main, "--control", url, "--authority", authority, "control-version")
        self.assertEqual((status, out, err), (0, fleet.__version__ + "\n", ""))
        self.assertEqual(call(cli.main, "--control", url, "control-version")[0], 1)


class Settings(ScratchCase):
    def test_come_from_the_file_and_have_defaults(self):
        path = self.write("fleet.ini", "[control]\nport = 99\n")
        self.assertEqual(configuration.read(path), configuration.Configuration(port=99))

    def test_of_the_package_are_the_defaults(self):
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        packaged = configuration.read(os.path.join(here, "packaging", "fleet.ini"))
        self.assertEqual(packaged, configuration.Configuration())

    def test_have_to_make_sense(self):
        for text in ("port = 99\n", "[control]\nport = high\n"):
            with self.assertRaises(FleetError):
                configuration.read(self.write("bad.ini", text))
        with self.assertRaises(FleetError):
            configuration.read(os.path.join(self.path, "missing.ini"))


class StateFile(ScratchCase):
    def test_that_is_damaged_is_not_overwritten(self):
        path = self.write("nodes.json", "{")
        with self.assertRaises(FleetError):
            State(self.path)
        with open(path) as stream:
            self.assertEqual(stream.read(), "{")

    def test_is_replaced_as_a_whole(self):
        State(self.path).record(Node(name="node1", seen=1.0))
        self.assertEqual(os.listdir(self.path), ["nodes.json"])


if __name__ == "__main__":
    unittest.main()
