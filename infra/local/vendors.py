"""The two simulated vendors of the local run."""

import json
import subprocess
import threading
import urllib.request
from datetime import datetime, timedelta, timezone

from processes import Process

READY_SECONDS = 30
# Secrets of nothing: they open simulated doors on loopback.
JUMPCLOUD_KEY = "local-jumpcloud-key"
CLIENT = "00000000-0000-4000-8000-0000000000c1"
CLIENT_SECRET = "local-entra-secret"


class NotReady(Exception):
    """The simulators did not start; the text says what they said."""


class Vendors:
    """JumpCloud and Entra with a company in them; a context manager that stops them."""

    def __init__(self, program, company, state, webhook, token):
        self._log = state / "simulators.log"
        self._log.unlink(missing_ok=True)
        self._arguments = [
            program,
            "--company", company,
            "--jumpcloud-key", JUMPCLOUD_KEY,
            "--entra-client-id", CLIENT,
            "--entra-client-secret", CLIENT_SECRET,
            # From now on JumpCloud posts its events there.
            "--webhook", webhook,
            "--webhook-token", token,
        ]
        self._process = None
        # What the program says when it is ready: the addresses and ids of both.
        self.jumpcloud = {}
        self.entra = {}

    def __enter__(self):
        environment = {"PATH": "/usr/bin:/bin"}
        self._process = Process(self._arguments, self._log, environment, subprocess.PIPE)
        # A line, or the end; never longer than patience lasts.
        timer = threading.Timer(READY_SECONDS, self._process.stop)
        timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        try:
            facts = json.loads(line)
        except ValueError:
            said = self._process.tail()
            self._process.stop()
            raise NotReady(f"the simulators did not start:\n{said}") from None
        self.jumpcloud, self.entra = facts["jumpcloud"], facts["entra"]
        return self

    def __exit__(self, *_):
        self._process.stop()

    def secret(self):
        """The directory's secret, which opens both."""
        return {"jumpcloud": {"api_key": JUMPCLOUD_KEY}, "entra": {"client_secret": CLIENT_SECRET}}

    def places(self):
        """What `directory.toml` needs to know of them, by the names it is filled in with."""
        return {
            "client": CLIENT,
            **{f"jumpcloud_{name}": value for name, value in self.jumpcloud.items()},
            **{f"entra_{name}": value for name, value in self.entra.items()},
        }

    def announce(self):
        """Tells of everybody and everything as if it had been made a minute ago; how many events.

        A minute ago, because a webhook comes after what it tells. What is told within half a
        minute is looked at once more, which would double what this run costs.
        """
        before = datetime.now(timezone.utc) - timedelta(minutes=1)
        self._jumpcloud("PUT", "clock", {"now": before.isoformat()})
        events = self._jumpcloud("POST", "jumpcloud/announce")["events"]
        self._jumpcloud("PUT", "clock", {"real": True})
        return events

    def deliveries(self):
        """What became of the events so far, counted."""
        return self._jumpcloud("GET", "jumpcloud/webhook")["deliveries"]

    def dump(self):
        """Both vendors' state, as a company's files by name."""
        return {**self._jumpcloud("GET", "dump"), **self._entra("GET", "dump")}

    def counts(self):
        """How many requests came per route, by vendor."""
        return {
            "JumpCloud": self._jumpcloud("GET", "journal")["counts"],
            "Entra": self._entra("GET", "journal")["counts"],
        }

    def problems(self):
        """What no client may do and yet did."""
        return self._jumpcloud("GET", "problems") + self._entra("GET", "problems")

    def _jumpcloud(self, method, switch, body=None):
        return _switch(self.jumpcloud["url"], method, switch, body)

    def _entra(self, method, switch, body=None):
        return _switch(self.entra["url"], method, switch, body)


def cost(counts, people):
    """Requests by vendor and route, a line each; the totals also per person."""
    lines = []
    for vendor, routes in counts.items():
        total = sum(routes.values())
        share = f", {total / people:.1f} per person bound" if people else ""
        lines.append(f"{vendor}: {total} requests{share}")
        widest = max(map(len, routes), default=0)
        for route, number in sorted(routes.items(), key=lambda entry: (-entry[1], entry[0])):
            lines.append(f"  {route:{widest}}  {number:>6}")
    return "\n".join(lines)


def _switch(url, method, switch, body):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/_sim/{switch}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
