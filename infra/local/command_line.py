"""The command line `entra-sync`, as an operator would use it."""

import json
import subprocess


class Refused(Exception):
    """It ended with an error; the text is what it said."""


class CommandLine:
    """The program, pointed at a stack."""

    def __init__(self, program, environment):
        self._program = str(program)
        self._environment = {"PATH": "/usr/bin:/bin", **environment}

    def run(self, *arguments, problems=False):
        """What it prints; `problems` says that exit 1 is an answer, too."""
        ended = subprocess.run(
            [self._program, *map(str, arguments)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if ended.returncode == 0 or (problems and ended.returncode == 1 and ended.stdout):
            return ended.stdout
        asked = " ".join(map(str, arguments))
        raise Refused(f"entra-sync {asked}: {(ended.stderr or ended.stdout).strip()}")

    def json(self, *arguments, missing=None):
        """What it answers for programs; None if it says this instead of an answer."""
        try:
            return json.loads(self.run(*arguments, "--json", problems=True))
        except Refused as refused:
            if missing and missing in str(refused):
                return None
            raise
