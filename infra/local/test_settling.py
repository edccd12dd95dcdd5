"""When a stack counts as settled."""

import unittest

from settling import QUIET_LOOKS, NotSettled, settle


def status(events=0, bulk=0, next_due=None, at_work=0, delayed=0):
    queue = lambda waiting: {"waiting": waiting, "in_flight": 0, "delayed": delayed}
    subjects = {"known": 3, "bound": 2, "due": 0, "next_due": next_due, "at_work": at_work}
    return {
        "at": "2026-05-04T08:00:00Z",
        "queues": {"events": queue(events), "bulk": queue(bulk), "parked": queue(1)},
        "directories": [{"subjects": subjects}],
    }


class Looks:
    """Answers of the command line and the simulator, in turn; the last one for ever."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.taken = 0
        self.time = 0.0

    def json(self, *_):
        self.taken += 1
        return self.looks[min(self.taken, len(self.looks)) - 1][0]

    def deliveries(self):
        return {"waiting": self.looks[min(self.taken, len(self.looks)) - 1][1]}

    def sleep(self, seconds):
        self.time += seconds

    def now(self):
        return self.time


def settled(looks):
    settle(looks, looks, patience=10, sleep=looks.sleep, now=looks.now)
    return looks.taken


class Settling(unittest.TestCase):
    def test_quiet_is_believed_only_after_some_looks(self):
        self.assertEqual(settled(Looks((status(), 0))), QUIET_LOOKS)

    def test_a_long_wait_and_a_bell_for_it_are_rest(self):
        waits = status(next_due="2026-05-04T08:10:00Z", delayed=1)
        self.assertEqual(settled(Looks((waits, 0))), QUIET_LOOKS)

    def test_whatever_is_left_begins_the_wait_anew(self):
        quiet = (status(), 0)
        for busy in (
            (status(events=1), 0),
            (status(bulk=1), 0),
            (status(next_due="2026-05-04T08:00:30Z"), 0),
            (status(at_work=1), 0),
            (status(), 1),
        ):
            self.assertEqual(settled(Looks(quiet, busy, quiet)), 2 + QUIET_LOOKS, busy)

    def test_patience_ends(self):
        with self.assertRaisesRegex(NotSettled, "1 in bulk"):
            settled(Looks((status(bulk=1), 0)))


if __name__ == "__main__":
    unittest.main()
