"""A company as the vendors' answers hold it: people and groups in JumpCloud, a tenant in Entra.

A company is an object of the vendors' list answers by file name, such as `entra/users.json`; see
`company/`. The words for what becomes of somebody are here too, since all who tell it share them.
"""

import json
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


def members_of(group):
    return f"entra/groups/{group}/members"


def set_values(row):
    """What is set in an object: neither null, nor empty, nor an annotation."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and value != [] and "@" not in name
    }


class Tenant:
    """What Entra holds: accounts by id with their managers' ids, and everything else as it is."""

    def __init__(self, company):
        self.users = {row["id"]: set_values(row) for row in rows(company, "entra/users")}
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
        listed = {row["id"]: set_values(row) for row in rows(company, name)}
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
        return set(self.others.get(members_of(group), {}))

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
