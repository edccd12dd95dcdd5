"""Processes that end with us, whatever way we end.

A shell stands at the start of each: it keeps a watcher that waits for the end of a pipe which this
process holds open, and then turns into the program itself. When the pipe ends, which happens even
if this process is killed, the watcher ends the process group it is in. The group holds nothing but
the program and what the program started.
"""

import os
import signal
import socket
import subprocess

WATCHED = 'exec 3<&0; (cat <&3 >/dev/null; kill -TERM 0) & exec "$@" 3<&- </dev/null'


def free_port():
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A running program, with its output in a log file."""

    def __init__(self, arguments, log, environment, stdout=None):
        self.log = log
        with open(log, "ab") as output:
            self._child = subprocess.Popen(
                ["sh", "-c", WATCHED, "sh", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=stdout or output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )

    @property
    def pid(self):
        """The id of the program, which is also that of its group."""
        return self._child.pid

    @property
    def stdout(self):
        """What the program prints, if it was started with a pipe."""
        return self._child.stdout

    def ended(self):
        """The exit status, or None while it runs."""
        return self._child.poll()

    def tail(self, lines=15):
        """The last lines of the log."""
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def stop(self):
        """Ends the program and all that it started; may be called again."""
        if self._child.stdin.closed:
            return
        self._child.stdin.close()
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        try:
            # Whoever did not listen.
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()
