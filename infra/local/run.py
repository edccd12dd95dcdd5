"""`make run`: the whole system on this machine, with a company in two simulated vendors.

Builds, starts and deploys everything, sends the company's past as JumpCloud would, waits until all
is synced, and shows what became of everybody and what it cost. Then it stays up to be tried out.
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import answers
import expect
import tables
import vendors
from command_line import CommandLine, Refused
from settling import NotSettled, settle
from stack import NotReady, Stack

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "company"
BINARIES = ROOT / ".local/target/debug"
STATE = ROOT / ".local/run"
DIRECTORY = "corp"


class Unusable(Exception):
    """The company's folder lacks what a run needs."""


def here(path):
    """A path as it is typed in the project's folder."""
    return os.path.relpath(path, ROOT)


def say(text):
    print(f"==> {text}", flush=True)


def build():
    """The binaries, by plain cargo."""
    say("building (the first time takes minutes)")
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "build", "--locked", "--workspace", "--bins"]
    if not sys.stderr.isatty():
        command.append("--quiet")
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("run: the build failed")


def configuration(folder, company, simulated):
    """The text of directory.toml for this company and these vendors."""
    own = folder / "directory.toml"
    text = (own if own.is_file() else HERE / "directory.toml").read_text(encoding="utf-8")
    places = simulated.places()
    if "@application@" in text:
        applications = answers.rows(company, "jumpcloud/applications")
        if not applications:
            raise Unusable(
                f"{folder} has no jumpcloud/applications.json: save that listing, too, or write a "
                "directory.toml into the folder whose scope is something else"
            )
        places["application"] = applications[0]["_id"]
    for name, value in places.items():
        text = text.replace(f"@{name}@", value)
    return text


def findings_and_bindings(line, kind, ids):
    """Codes of findings and object ids, by JumpCloud id; who has no record has neither."""
    findings, bound = {}, {}

    def look(id):
        return id, line.json("show", kind, id, missing="has no record")

    with ThreadPoolExecutor(4) as pool:
        for id, shown in pool.map(look, ids):
            if not shown:
                continue
            findings[id] = [finding["code"] for finding in shown["findings"]]
            if shown["failure"]:
                findings[id].append(f"failure: {shown['failure']['class']}")
            binding = shown["binding"]
            # Only people are given up; a group stays whose it is.
            if binding and not binding.get("given_up"):
                bound[id] = binding["object"]
    return findings, bound


def sync(folder, stack, simulated, company):
    """Everything from the configuration to the comparison.

    Answers how many things are not as expected, and which people and which groups are bound.
    """
    file = STATE / "directory.toml"
    file.write_text(configuration(folder, company, simulated), encoding="utf-8")
    line = CommandLine(BINARIES / "entra-sync", stack.settings())
    say("applying directory.toml, with the first run approved")
    line.run("config", "validate", file)
    line.run("config", "apply", file, "--first-run=apply", "--yes")

    say(f"JumpCloud posts {simulated.announce()} events to ingest")
    seconds = settle(line, simulated)
    print(f"    all synced after {seconds:.0f} s", flush=True)

    after = simulated.dump()
    people = [person["_id"] for person in answers.people(company)]
    groups = [group["id"] for group in answers.groups(company)]
    findings, bound = findings_and_bindings(line, "user", people)
    of_groups, bound_groups = findings_and_bindings(line, "group", groups)
    findings |= of_groups
    expected = company.get("expected.json")
    print()
    print(tables.table(company, after, findings, expected, bound))
    print()
    if groups:
        print(tables.group_table(company, after, findings, expected, bound_groups))
        print()
    print(vendors.cost(simulated.counts(), len(bound)))
    print()
    wrong = [f"a vendor refused what no client may do: {what}" for what in simulated.problems()]
    wrong += [f"status: {problem}" for problem in line.json("status")["problems"]]
    if expected:
        wrong += expect.differences(expected, company, after, findings)
    for what in wrong:
        print(f"not as expected: {what}")
    if not wrong:
        print("as expected" if expected else "settled; there is no expected.json to compare with")
    return len(wrong), bound, bound_groups


def write_program(stack):
    """The command line as a script that knows this stack, for whoever tries it out."""
    script = STATE / "entra-sync"
    lines = ["#!/bin/sh", *(f"export {name}='{value}'" for name, value in stack.settings().items())]
    lines.append(f"exec '{BINARIES / 'entra-sync'}' \"$@\"")
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script.chmod(0o755)


def invitation(stack, simulated, company, bound, bound_groups):
    """The URLs, and what to try."""
    people = answers.people(company)
    person = next((p for p in people if p["_id"] in bound and p.get("state") == "ACTIVATED"), None)
    jumpcloud, entra = simulated.jumpcloud["url"], simulated.entra["url"]
    lines = [
        "",
        f"ingest      {stack.outputs['ApiUrl']}",
        f"JumpCloud   {jumpcloud} (simulated)",
        f"Entra       {entra} (simulated)",
        f"AWS         {stack.endpoint} (stand-in)",
        f"logs        {here(STATE)}",
    ]
    if person:
        program = here(STATE / "entra-sync")
        lines += [
            "",
            "Try, in another terminal:",
            "",
            "  # suspend somebody in JumpCloud; the webhook does the rest",
            f"  curl -sSf -o /dev/null -X PUT {simulated.jumpcloud['api_url']}/systemusers/{person['_id']} \\",
            f"    -H 'x-api-key: {vendors.JUMPCLOUD_KEY}' -H 'content-type: application/json' \\",
            "    -d '{\"state\":\"SUSPENDED\"}'",
            "",
            f"  {program} show user {person['_id']}",
            *(f"  {program} show group {group}" for group in list(bound_groups)[:1]),
            f"  {program} events --follow",
        ]
    lines += ["", "Ctrl-C stops everything."]
    return "\n".join(lines)


def stay():
    """Until Ctrl-C or SIGTERM."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()
    print("\nstopping", flush=True)


def run(folder, company, once):
    """The exit status."""
    build()
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(parents=True)
    token = secrets.token_hex(16)
    say("starting the AWS stand-in and deploying infra/template.yaml")
    with Stack(STATE) as stack:
        stack.deploy(BINARIES)
        stack.put_secret(f"entra-sync/{DIRECTORY}/webhook", {"tokens": [token], "signing_keys": []})
        webhook = f"{stack.outputs['ApiUrl']}/events/{DIRECTORY}"
        say("starting JumpCloud and Entra")
        program = BINARIES / "simulators"
        with vendors.Vendors(program, folder, STATE, webhook, token) as simulated:
            stack.put_secret(f"entra-sync/{DIRECTORY}", simulated.secret())
            write_program(stack)
            wrong, *bound = sync(folder, stack, simulated, company)
            if not once:
                print(invitation(stack, simulated, company, *bound), flush=True)
                stay()
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--company", type=Path, default=SAMPLE, help="folder of saved listings")
    parser.add_argument("--once", action="store_true", help="end after the tables")
    arguments = parser.parse_args()
    folder = arguments.company.resolve()
    try:
        company = answers.load(folder)
    except (OSError, ValueError) as error:
        print(f"run: the company cannot be read: {error}", file=sys.stderr)
        return 2
    if not answers.people(company):
        print(f"run: {folder} has no people: jumpcloud/systemusers.json is missing", file=sys.stderr)
        return 2
    # So that a killed run, too, leaves through the context managers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(folder, company, arguments.once)
    except KeyboardInterrupt:
        return 130
    except (NotReady, vendors.NotReady, Refused, NotSettled, Unusable, OSError) as error:
        print(f"run: {error}\nrun: the logs are in {here(STATE)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
