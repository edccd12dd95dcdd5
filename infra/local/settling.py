"""Waiting until a stack has nothing left to do."""

import sys
import time
from datetime import datetime, timedelta

# A look every so often; so many quiet ones in a row, because a message that was just received and
# not yet deleted is counted by the queues with a delay.
EVERY_SECONDS = 0.5
QUIET_LOOKS = 3
# The slowest honest wait is a second look half a minute later; this is far beyond.
PATIENCE_SECONDS = 300
# What is looked at again only later than this is a long wait, for example for an operator.
SOON = timedelta(seconds=60)


class NotSettled(Exception):
    """There was still something to do; the text says what."""


def settle(line, simulated, patience=PATIENCE_SECONDS, sleep=time.sleep, now=time.monotonic):
    """Waits until all events are delivered, the queues are empty and nothing is due soon or at work.

    A group whose members gather until its next listing is due soon, too; what lies farther ahead is
    its look at what it wrote itself, minutes later, which changes nothing.
    A delayed message does not count: it rings for a time that a record says, or is void. Answers the
    seconds it took.
    """
    began = now()
    quiet = 0
    shown = None
    while True:
        progress, busy = _read(line.json("status"), simulated.deliveries())
        if progress != shown:
            shown = progress
            _show(progress)
        quiet = 0 if busy else quiet + 1
        if quiet == QUIET_LOOKS:
            _show("")
            return now() - began
        if now() - began > patience:
            _show("")
            raise NotSettled(f"not settled after {patience} s: {progress}")
        sleep(EVERY_SECONDS)


def _read(status, deliveries):
    """What to show, and whether there is something to do."""
    ready = lambda queue: queue["waiting"] + queue["in_flight"]
    queues = {name: ready(status["queues"][name]) for name in ("events", "bulk")}
    subjects = [directory["subjects"] for directory in status["directories"]]
    total = {name: sum(s[name] for s in subjects) for name in ("known", "bound", "due", "at_work")}
    progress = (
        f"{deliveries['waiting']} events to deliver, {queues['events']} waiting, "
        f"{queues['bulk']} in bulk, {total['due']} due; "
        f"{total['known']} known, {total['bound']} bound"
    )
    horizon = datetime.fromisoformat(status["at"]) + SOON
    looks = [datetime.fromisoformat(s["next_due"]) for s in subjects if s["next_due"]]
    soon = sum(look <= horizon for look in looks)
    busy = deliveries["waiting"] + sum(queues.values()) + soon + total["at_work"]
    return progress, bool(busy)


def _show(progress):
    """One line that is written over on a terminal; elsewhere nothing is shown."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[K    {progress}" if progress else "\r\x1b[K")
        sys.stdout.flush()
