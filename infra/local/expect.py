"""Did a run leave behind what it should have? Compared with a file that was thought out by hand.

Knows the vendors' answers and the rules' outcomes, and deliberately nothing of our planner: what a
run did is read from the simulated tenant alone, before and after. A company here is an object of
the vendors' list answers by file name, such as `entra/users.json`; see `company/`.
"""

import argparse
import json
import sys
import unicodedata
from pathlib import Path

# What the directory itself puts into an account that it creates.
MADE_BY_ENTRA = {
    "id",
    "userType",
    "createdDateTime",
    "lastPasswordChangeDateTime",
    "signInSessionsValidFromDateTime",
}
# Moves when sessions are revoked: with a deactivation (P6), and never without one.
SESSIONS = "signInSessionsValidFromDateTime"
# What we may write into an account that was there before; `manager` is a reference of its own.
MAPPED = [
    "accountEnabled",
    "userPrincipalName",
    "displayName",
    "givenName",
    "surname",
    "department",
    "jobTitle",
    "officeLocation",
    "manager",
    "businessPhones",
    "mobilePhone",
    "streetAddress",
    "city",
    "state",
    "postalCode",
    "country",
]
OURS = ("created", "adopted", "switched_off")
OUTCOMES = (*OURS, "skipped", "untouched")
# The same of a group.
GROUP_MADE_BY_ENTRA = {"id", "createdDateTime", "renewedDateTime", "visibility"}
GROUPS_OURS = ("created", "adopted")
GROUP_OUTCOMES = (*GROUPS_OURS, "left_alone")
# What a group that we create is found by again (G3), before its id in JumpCloud.
UNIQUE_NAME = "jumpcloud-"


# ---- reading ---------------------------------------------------------------------------------


def load(place):
    """A company from a folder of JSON files, or from one file that holds them all by name."""
    place = Path(place)
    if place.is_file():
        return json.loads(place.read_text(encoding="utf-8"))
    if not place.is_dir():
        raise FileNotFoundError(f"{place}: no such file or folder")
    files = sorted(place.rglob("*.json"))
    return {
        path.relative_to(place).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in files
    }


def rows(company, name):
    """The rows of a listing: of `name.json`, then of its pages `name-1.json`, `name-2.json` …"""
    found = list(_list(company.get(f"{name}.json", [])))
    page = 1
    while f"{name}-{page}.json" in company:
        found += _list(company[f"{name}-{page}.json"])
        page += 1
    return found


def people(company):
    """JumpCloud's users, in the order of the listing."""
    return rows(company, "jumpcloud/systemusers")


def groups(company):
    """JumpCloud's user groups, in the order of the listing."""
    return rows(company, "jumpcloud/usergroups")


def _list(content):
    if isinstance(content, list):
        return content
    return content.get("results", content.get("value", []))


def _members(group):
    return f"entra/groups/{group}/members"


def _set(row):
    """What is set in an object: neither null, nor empty, nor an annotation."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and value != [] and "@" not in name
    }


class Tenant:
    """What Entra holds: accounts by id with their managers' ids, and everything else as it is."""

    def __init__(self, company):
        self.users = {row["id"]: _set(row) for row in rows(company, "entra/users")}
        managers = company.get("entra/managers.json", {})
        for id, user in self.users.items():
            manager = user.pop("manager", {}).get("id")
            if manager := managers.get(id, manager):
                user["manager"] = manager
        self.by_upn = {user["userPrincipalName"].lower(): id for id, user in self.users.items()}
        self.others = {
            name: self._rows(company, name)
            for name in self._names(company)
            if name.startswith("entra/") and name not in ("entra/users", "entra/managers")
        }
        self.groups = self.others.get("entra/groups", {})
        named = {group.get("uniqueName"): id for id, group in self.groups.items()}
        self.by_unique_name = {name: id for name, id in named.items() if name}

    @staticmethod
    def _names(company):
        """The listings' names, those of the pages counted once."""
        names = {name.removesuffix(".json") for name in company}
        heads = {name: name.rpartition("-") for name in names}
        return {head if page.isdigit() else name for name, (head, _, page) in heads.items()}

    @staticmethod
    def _rows(company, name):
        listed = {row["id"]: _set(row) for row in rows(company, name)}
        if name.endswith("/members"):
            # Whom a group holds is its own; how they are described is theirs.
            return {id: {} for id in listed}
        for row in listed.values():
            row.pop("verifiedDomains", None)  # told by `domains`
        return listed

    def find(self, upn):
        """The account with this name, without regard to case."""
        return self.users.get(self.by_upn.get(upn.lower()))

    def members(self, group):
        """The ids of a group's members."""
        return set(self.others.get(_members(group), {}))

    def made_for(self, group):
        """The id of the Entra group that was created for a JumpCloud group."""
        return self.by_unique_name.get(f"{UNIQUE_NAME}{group}")

    def upn(self, id):
        """How an account is called in a message."""
        return self.users[id]["userPrincipalName"] if id in self.users else id

    def shown(self, user):
        """An account with its manager by name, since new accounts get ids nobody can foresee."""
        shown = dict(user)
        if "manager" in shown:
            shown["manager"] = self.upn(shown["manager"])
        return shown


# ---- comparing -------------------------------------------------------------------------------


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
            told.update((("entra/groups", id), (_members(id), None)))
            return [f"{who}: created, but must not be ({group['why']})"]
        return []
    if outcome == "adopted":
        id = group["object"]
    if id not in new.groups:
        return [f"{who}: not there, expected {outcome} ({group['why']})"]
    told.update((("entra/groups", id), (_members(id), None)))
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
        told = [name for name in _set(row) if name != "id"]
        changed = [name for name in told if kept.get(name) != row[name]]
        if changed:
            lines.append(f"JumpCloud user {row['email']}: changed in {', '.join(changed)}")
    return lines


def _codes(codes):
    return ", ".join(codes) if codes else "none"


def _value(value):
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


# ---- telling ---------------------------------------------------------------------------------


def table(before, after, findings, expected=None, bound=None):
    """What became of everybody, as columns: read from the tenant, so that any company will do.

    `bound` maps JumpCloud ids to object ids, where known. It tells an adoption that had nothing to
    change from an account that is not ours, and finds people whose UPN is not their e-mail.
    """
    old, new, bound = Tenant(before), Tenant(after), bound or {}
    why = {person["id"]: person["why"] for person in (expected or {}).get("users", [])}
    lines = [("WHO", "OUTCOME", "ACCOUNT", "CHANGED", "WHY")]
    counts = dict.fromkeys(OUTCOMES, 0)
    for row in people(before):
        codes = findings.get(row["_id"], [])
        outcome, account, changed = _became(row, old, new, bound, codes)
        counts[outcome] += 1
        state = "-"
        if account:
            state = "enabled" if account.get("accountEnabled") else "disabled"
        reasons = [", ".join(codes), why.get(row["_id"], "")]
        lines.append((
            row.get("email") or row["_id"],
            outcome.replace("_", " "),
            state,
            _few(changed),
            " · ".join(filter(None, reasons)),
        ))
    total = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f"{_columns(lines)}\n\n{sum(counts.values())} people: {total}"


def _became(row, old, new, bound, codes):
    """The outcome, the account, and what changed in one that was there before."""
    id = bound.get(row["_id"]) or new.by_upn.get((row.get("email") or "").lower())
    account, was = new.users.get(id), old.users.get(id)
    if account and not was:
        return "created", account, []
    changed = []
    if account:
        then, now = old.shown(was), new.shown(account)
        changed = [name for name in MAPPED if then.get(name) != now.get(name)]
        if was.get("accountEnabled") and not account.get("accountEnabled"):
            return "switched_off", account, changed
        if changed or row["_id"] in bound:
            return "adopted", account, changed
    return "skipped" if codes else "untouched", account, changed


def group_table(before, after, findings, expected=None, bound=None):
    """What became of JumpCloud's groups, as columns; see [`table`]."""
    old, new, bound = Tenant(before), Tenant(after), bound or {}
    why = {group["id"]: group["why"] for group in (expected or {}).get("groups", [])}
    lines = [("GROUP", "OUTCOME", "MEMBERS", "CHANGED", "WHY")]
    counts = dict.fromkeys(GROUP_OUTCOMES, 0)
    for row in groups(before):
        outcome, id = _group_became(row, old, new, bound)
        counts[outcome] += 1
        members, changed = "-", []
        if outcome in GROUPS_OURS:
            was, now = old.members(id), new.members(id)
            members = str(len(now))
            if outcome == "adopted":
                if old.groups[id] != new.groups[id]:
                    changed.append("name")
                moved = ((len(now - was), "came"), (len(was - now), "left"))
                changed += [f"{count} {what}" for count, what in moved if count]
        reasons = [", ".join(findings.get(row["id"], [])), why.get(row["id"], "")]
        lines.append((
            row.get("name") or row["id"],
            outcome.replace("_", " "),
            members,
            ", ".join(changed) or "-",
            " · ".join(filter(None, reasons)),
        ))
    total = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f"{_columns(lines)}\n\n{sum(counts.values())} groups: {total}"


def _group_became(row, old, new, bound):
    """The outcome, and the group in Entra. Without a binding only what changed was adopted."""
    id = bound.get(row["id"]) or new.made_for(row["id"])
    if id in new.groups:
        return ("adopted" if id in old.groups else "created"), id
    for id, was in old.groups.items():
        same = was.get("displayName") == row.get("name") and id in new.groups
        if same and old.members(id) != new.members(id):
            return "adopted", id
    return "left_alone", None


def _few(names, shown=2):
    """The first names, and how many more there are."""
    if len(names) > shown + 1:
        names = [*names[:shown], f"{len(names) - shown} more"]
    return ", ".join(names) or "-"


def _columns(lines):
    widths = [max(map(_width, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths)).rstrip()
        for line in lines
    )


def _width(text):
    """Columns on a terminal: signs of East Asia take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


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
