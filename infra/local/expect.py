"""Did a run leave behind what it should have? Compared with a file that was thought out by hand.

Knows the vendors' answers and the rules' outcomes, and deliberately nothing of our planner: what a
run did is read from the simulated tenant alone, before and after. A company here is an object of
the vendors' list answers by file name, such as `entra/users.json`; see `company/`.
"""

import argparse
import json
import sys

from answers import (
    GROUP_MADE_BY_ENTRA,
    MADE_BY_ENTRA,
    MAPPED,
    OURS,
    SESSIONS,
    UNIQUE_NAME,
    Tenant,
    groups,
    load,
    members_of,
    people,
    set_values,
)
from tables import group_table, table


def differences(expected, before, after, findings=None):
    """What is not as expected, a line each; findings are codes by JumpCloud id, if known."""
    old, new = Tenant(before), Tenant(after)
    lines = []
    settled = set()  # accounts that a line of the expectation speaks for
    for person in expected["users"]:
        lines += _person(person, old, new, settled)
        lines += _findings(person["email"], person, findings)
    for bystander in expected["bystanders"]:
        settled.add(bystander["id"])
        lines += _as_before(bystander, old, new)
    for id, user in new.users.items():
        if id not in settled:
            lines.append(f"{user['userPrincipalName']}: an account that nobody expects ({id})")
    for id in old.users.keys() - new.users.keys() - settled:
        lines.append(f"{old.upn(id)}: the account is gone ({id})")
    told = set()  # listings of groups, and of their members, that a line speaks for
    for group in expected["groups"]:
        lines += _group(group, old, new, told)
        lines += _findings(f"group {group['name']}", group, findings)
    lines += _others(old, new, told)
    lines += _source(before, after)
    for when, tenant in (("before", old), ("after", new)):
        for what, held in (("accounts", tenant.users), ("groups", tenant.groups)):
            wanted = expected["counts"][f"{what}_{when}"]
            if len(held) != wanted:
                lines.append(f"{what}_{when}: {len(held)}, expected {wanted}")
    return lines


def _findings(who, line, findings):
    """Of one person or group; nothing to compare with where none are known."""
    if findings is None:
        return []
    found, always = set(findings.get(line["id"], [])), set(line["findings"])
    # What is found only while nothing is bound yet may be gone by a second look.
    if found in (always, always | set(line.get("once", []))):
        return []
    return [f"{who}: findings {_codes(sorted(found))}, expected {_codes(sorted(always))}"]


def _person(person, old, new, settled):
    outcome, who = person["outcome"], person["email"]
    name = person.get("entra", {}).get("userPrincipalName", who)
    was, account = old.find(name), new.find(name)
    if outcome not in OURS:
        # Whoever had an account before is a bystander.
        if account and not was:
            settled.add(account["id"])
            return [f"{who}: created, but must not be ({person['why']})"]
        return []
    if outcome != "created":
        account = was and new.users.get(was["id"])
    if not account:
        return [f"{who}: no account, expected {outcome} ({person['why']})"]
    settled.add(account["id"])
    if outcome == "created" and was:
        return [f"{who}: expected created, but the account was there before"]
    wanted = dict(person["entra"])
    found = new.shown(account)
    if outcome == "created":
        wanted["mailNickname"] = name.partition("@")[0]
        wanted["userType"] = "Member"
        ignored = MADE_BY_ENTRA - {"userType"}
    else:
        kept = old.shown(was)
        wanted |= {key: value for key, value in kept.items() if key not in MAPPED}
        ignored = {SESSIONS} if outcome == "switched_off" else set()
    lines = _properties(who, wanted, found, ignored)
    if outcome == "switched_off" and found.get(SESSIONS) == was.get(SESSIONS):
        lines.append(f"{who}: switched off, but the sessions were not revoked")
    return lines


def _properties(who, wanted, found, ignored=frozenset()):
    order = [name for name in MAPPED if name in wanted or name in found]
    order += sorted((wanted.keys() | found.keys()) - set(order))
    return [
        f"{who}: {name} is {_value(found.get(name))}, expected {_value(wanted.get(name))}"
        for name in order
        if name not in ignored and found.get(name) != wanted.get(name)
    ]


def _as_before(bystander, old, new):
    id, who = bystander["id"], bystander["userPrincipalName"]
    if id not in old.users:
        return [f"{who}: expected as a bystander, but was not there before ({id})"]
    if id not in new.users:
        return [f"{who}: the account is gone, but must not be touched ({bystander['why']})"]
    touched = _properties(who, old.shown(old.users[id]), new.shown(new.users[id]))
    return [f"{line}; must not be touched ({bystander['why']})" for line in touched]


def _group(group, old, new, told):
    outcome, who = group["outcome"], f"group {group['name']}"
    id = new.made_for(group["id"])
    if outcome == "left_alone":
        if id:
            told.update((("entra/groups", id), (members_of(id), None)))
            return [f"{who}: created, but must not be ({group['why']})"]
        return []
    if outcome == "adopted":
        id = group["object"]
    if id not in new.groups:
        return [f"{who}: not there, expected {outcome} ({group['why']})"]
    told.update((("entra/groups", id), (members_of(id), None)))
    was, ignored = old.groups.get(id), frozenset()
    if (outcome == "adopted") != (was is not None):
        when = "there" if was else "not there"
        return [f"{who}: expected {outcome}, but the group was {when} before"]
    if outcome == "adopted":
        wanted = was | {"displayName": group["name"]}
    else:
        name = f"{UNIQUE_NAME}{group['id']}"
        wanted = {
            "displayName": group["name"],
            "description": "Managed by entra-sync from JumpCloud",
            "mailEnabled": False,
            "securityEnabled": True,
            "mailNickname": name,
            "uniqueName": name,
        }
        ignored = GROUP_MADE_BY_ENTRA
    lines = _properties(who, wanted, new.groups[id], ignored)
    held = {new.upn(member).lower() for member in new.members(id)}
    stay = {upn.lower() for upn in group.get("others", [])}
    wanted = stay | {upn.lower() for upn in group["members"]}
    lines += [f"{who}: {upn} is missing" for upn in sorted(wanted - held - stay)]
    lines += [f"{who}: {upn} was put out, though not ours" for upn in sorted(stay - held)]
    lines += [f"{who}: {upn} is in it, but must not be" for upn in sorted(held - wanted)]
    return lines


def _others(old, new, told):
    """Groups that are not ours, roles, members, domains, deleted items: as before."""
    lines = []
    for name in sorted(old.others.keys() | new.others.keys()):
        was, now = old.others.get(name, {}), new.others.get(name, {})
        for id in sorted(was.keys() | now.keys()):
            if (name, id) in told or (name, None) in told:
                continue
            if id not in now:
                lines.append(f"{name}: {old.upn(id)} is gone")
            elif id not in was:
                lines.append(f"{name}: {new.upn(id)} was not there before")
            else:
                lines += _properties(f"{name} {id}", was[id], now[id])
    return lines


def _source(before, after):
    """JumpCloud is only read: every user as before, in what was known before."""
    now = {row["_id"]: row for row in people(after)}
    if not now:
        return []  # a dump of the tenant alone
    lines = []
    for row in people(before):
        kept = now.get(row["_id"], {})
        # Listings repeat `_id` as `id`; a dump need not.
        told = [name for name in set_values(row) if name != "id"]
        changed = [name for name in told if kept.get(name) != row[name]]
        if changed:
            lines.append(f"JumpCloud user {row['email']}: changed in {', '.join(changed)}")
    return lines


def _codes(codes):
    return ", ".join(codes) if codes else "none"


def _value(value):
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


def main(arguments=None):
    """Exit 0: as expected; 1: it is not, and how; 2: a file is missing or is not JSON."""
    parser = argparse.ArgumentParser(description="Compares two dumps with an expectation.")
    parser.add_argument("expected", help="the expectation, a JSON file")
    parser.add_argument("before", help="the company before: a folder, or one JSON file")
    parser.add_argument("after", help="the company after")
    parser.add_argument("--findings", help='JSON file: {"JumpCloud id": ["code", …]}')
    parser.add_argument("--table", action="store_true", help="show what became of everybody")
    options = parser.parse_args(arguments)
    try:
        expected, findings = load(options.expected), None
        before, after = load(options.before), load(options.after)
        if options.findings:
            findings = load(options.findings)
    except (OSError, ValueError) as error:
        print(f"expect: {error}", file=sys.stderr)
        return 2
    if options.table:
        print(table(before, after, findings or {}, expected))
        print()
        print(group_table(before, after, findings or {}, expected))
    found = differences(expected, before, after, findings)
    for line in found:
        print(line)
    print(f"{len(found)} differences" if found else "as expected")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
