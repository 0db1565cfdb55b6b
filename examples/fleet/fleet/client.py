"""The client side of the control service's HTTP interface."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from .errors import FleetError

TIMEOUT = 10.0


class ControlClient(object):
    """Talks to one control service; ``authority`` is the path of the cluster's certificate, for HTTPS."""

    def __init__(self, url, authority=None):
        self._url = url.rstrip("/")
        # The fleet's machines talk to each other directly: the proxies of the environment are for other traffic.
        handlers = [urllib.request.ProxyHandler({})]
        if authority is not None:
            try:
                context = ssl.create_default_context(cafile=authority)
            except (OSError, ssl.SSLError) as error:
                raise FleetError("cannot use the certificate {}: {}".format(authority, error))
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def version(self):
        return self._call("/v1/version")["version"]

    def nodes(self):
        return self._call("/v1/nodes")

    def node(self, name):
        return self._call("/v1/nodes/" + urllib.parse.quote(name, safe=""))

    def heartbeat(self, name, facts):
        return self._call("/v1/nodes/" + urllib.parse.quote(name, safe="") + "/heartbeat", facts)

    def _call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode("utf-8")
        try:
            request = urllib.request.Request(
                self._url + path, data=data, headers={"Content-Type": "application/json"}
            )
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return json.loads(response.read().decode("utf-8"))
        except urllib.error.HTTPError as error:
            raise FleetError(_reason(error))
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise FleetError("cannot ask the control service at {}: {}".format(self._url, reason))


def _reason(error):
    try:
        return json.loads(error.read().decode("utf-8"))["error"]
    except (ValueError, KeyError, TypeError):
        return "the control service answered {}".format(error.code)
