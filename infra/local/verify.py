"""`make test`: every check in order, and at the end how many tests ran.

All checks run even if one fails, so that one run shows everything; but nothing is tested that does
not compile.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARGO = os.environ.get("CARGO", "cargo")

# Title, command, and whether the rest makes sense without it.
STEPS = [
    ("formatting", [CARGO, "fmt", "--all", "--check"], False),
    (
        "clippy",
        [CARGO, "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
        False,
    ),
    ("binaries", [CARGO, "build", "--locked", "--workspace", "--bins"], True),
    ("cargo test", [CARGO, "test", "--locked", "--workspace", "--no-fail-fast"], False),
    (
        "local tools",
        [sys.executable, "-m", "unittest", "discover", "--start-directory", "infra/local"],
        False,
    ),
]

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CARGO_RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed;")
UNITTEST_RAN = re.compile(r"^Ran (\d+) tests? in ")
UNITTEST_RESULT = re.compile(r"^(?:OK|FAILED)(?: \((.*)\))?$")


class Count:
    """Tests that passed and failed, read from what the test programs print."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self._ran = None

    def line(self, text):
        """Takes one line of output into account."""
        text = COLOUR.sub("", text).rstrip()
        if result := CARGO_RESULT.match(text):
            self.passed += int(result[1])
            self.failed += int(result[2])
        elif ran := UNITTEST_RAN.match(text):
            self._ran = int(ran[1])
        elif self._ran is not None and (result := UNITTEST_RESULT.match(text)):
            counts = dict(re.findall(r"(\w+)=(\d+)", result[1] or ""))
            failed = int(counts.get("failures", 0)) + int(counts.get("errors", 0))
            self.failed += failed
            self.passed += self._ran - failed - int(counts.get("skipped", 0))
            self._ran = None

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed"


def run(command, count):
    """Runs one command, shows what it prints as it comes, and answers its exit status."""
    environment = dict(os.environ)
    # The end-to-end tests wait more than they work, so more of them than processors run at once.
    environment.setdefault("RUST_TEST_THREADS", "4")
    if sys.stdout.isatty():
        environment.setdefault("CARGO_TERM_COLOR", "always")
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            count.line(line)
    return process.returncode


def main():
    count = Count()
    broken = []
    began = time.monotonic()
    for title, command, needed in STEPS:
        print(f"==> {title}", flush=True)
        if run(command, count):
            broken.append(title)
            if needed:
                break
    seconds = time.monotonic() - began
    if broken:
        print(f"\nnot right: {', '.join(broken)}")
    print(f"\nchecked in {seconds:.0f} s")
    print(count)
    # No test at all is no success.
    return 1 if broken or count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main())
