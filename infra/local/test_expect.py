"""The sample company is consistent, and the comparison notices what it must."""

import contextlib
import copy
import io
import json
import re
import tempfile
import unicodedata
import unittest
from collections import Counter
from pathlib import Path

import answers
import expect
import tables

HERE = Path(__file__).parent
FOLDER = HERE / "company"
APPLICATION = "jumpcloud/applications/65f0000000000000000000c1"
CODES = HERE.parents[1] / "shared/sync-core/src/finding.rs"

COMPANY = answers.load(FOLDER)
EXPECTED = COMPANY.pop("expected.json")
PEOPLE = answers.people(COMPANY)
ACCOUNTS = answers.rows(COMPANY, "entra/users")
LINES = {person["id"]: person for person in EXPECTED["users"]}
GROUPS = {group["id"]: group for group in EXPECTED["groups"]}
ENGINEERING = "65f0000000000000000000b1"


def targets(name):
    return [edge["to"]["id"] for edge in answers.rows(COMPANY, name)]


def members(group):
    return targets(f"jumpcloud/usergroups/{group}/members")


def within(group):
    """The group, and every group nested in it."""
    found, left = set(), [group]
    while left:
        found.add(group := left.pop())
        left += [member for member in members(group) if member in GROUPS and member not in found]
    return found


def resolved(group):
    """Everybody in the group, or in one that is nested in it."""
    return {member for one in within(group) for member in members(one)} - GROUPS.keys()


def connected_groups():
    return set().union(*map(within, targets(f"{APPLICATION}/associations-user_group")))


def connected():
    """Everybody whom the application reaches, directly or through a group."""
    reached = set(targets(f"{APPLICATION}/associations-user"))
    return reached.union(*map(resolved, connected_groups()))


class SampleCompany(unittest.TestCase):
    def test_ids_and_what_must_be_unique_are(self):
        for rows, names in [
            (PEOPLE, ["_id", "email", "username", "employeeIdentifier"]),
            (ACCOUNTS, ["id", "userPrincipalName"]),
        ]:
            for name in names:
                values = [row[name].lower() for row in rows if row[name]]
                self.assertEqual([v for v, n in Counter(values).items() if n > 1], [], name)
        for person in PEOPLE:
            self.assertRegex(person["_id"], "^[0-9a-f]{24}$")
            parts = [part["id"] for part in person["addresses"] + person["phoneNumbers"]]
            for id in parts:
                self.assertRegex(id, "^[0-9a-f]{24}$")

    def test_it_is_large_enough(self):
        self.assertGreaterEqual(len(PEOPLE), 64)
        groups = [group["id"] for group in answers.rows(COMPANY, "jumpcloud/usergroups")]
        self.assertEqual(len(set(groups)), 8)
        reaching = set(targets(f"{APPLICATION}/associations-user_group"))
        self.assertLess(reaching, connected_groups(), "one is connected by being nested")
        self.assertLess(connected_groups(), set(groups))

    def test_totals_are_those_of_the_lists(self):
        for name in ["systemusers", "organizations", "applications"]:
            content = COMPANY[f"jumpcloud/{name}.json"]
            self.assertEqual(content["totalCount"], len(content["results"]), name)

    def test_references_lead_somewhere(self):
        people = {person["_id"] for person in PEOPLE}
        groups = {group["id"] for group in answers.rows(COMPANY, "jumpcloud/usergroups")}
        for person in PEOPLE:
            self.assertIn(person["manager"], people | {""}, person["email"])
            self.assertNotEqual(person["manager"], person["_id"], person["email"])
        for group in groups:
            self.assertTrue(members(group))
            self.assertLessEqual(set(members(group)), people | groups, group)
        for application in answers.rows(COMPANY, "jumpcloud/applications"):
            folder = f"jumpcloud/applications/{application['_id']}"
            self.assertLessEqual(set(targets(f"{folder}/associations-user_group")), groups)
            self.assertLessEqual(set(targets(f"{folder}/associations-user")), people)
        accounts = {account["id"] for account in ACCOUNTS}
        for kind in ["groups", "directoryRoles"]:
            for container in answers.rows(COMPANY, f"entra/{kind}"):
                held = answers.rows(COMPANY, f"entra/{kind}/{container['id']}/members")
                self.assertTrue(held)
                self.assertLessEqual({member["id"] for member in held}, accounts)
        for account in ACCOUNTS:
            if "manager" in account:
                self.assertIn(account["manager"]["id"], accounts)

    def test_every_state_exists_connected_and_not(self):
        reached, seen = connected(), set()
        for person in PEOPLE:
            self.assertEqual(person["suspended"], person["state"] == "SUSPENDED", person["email"])
            is_connected = person["_id"] in reached
            seen.add((person["state"], is_connected))
            for flag in ["account_locked", "password_expired"]:
                if person[flag]:
                    seen.add((flag, is_connected))
        states = ["STAGED", "ACTIVATED", "SUSPENDED", "account_locked", "password_expired"]
        wanted = {(state, is_connected) for state in states for is_connected in (True, False)}
        self.assertEqual(wanted - seen, set())

    def test_texts_are_composed(self):
        for name, content in COMPANY.items():
            text = json.dumps(content, ensure_ascii=False)
            self.assertTrue(unicodedata.is_normalized("NFC", text), name)


class Expectation(unittest.TestCase):
    def test_it_has_a_line_for_everybody_and_no_other(self):
        self.assertEqual(len(EXPECTED["users"]), len(LINES))
        emails = {person["_id"]: person["email"] for person in PEOPLE}
        self.assertEqual({id: line["email"] for id, line in LINES.items()}, emails)

    def test_its_counts_are_those_of_its_lines(self):
        counts = Counter(line["outcome"] for line in LINES.values())
        told = {name: EXPECTED["counts"][name] for name in answers.OUTCOMES}
        self.assertEqual(counts, told)
        self.assertEqual(EXPECTED["counts"]["users"], len(LINES))
        self.assertEqual(EXPECTED["counts"]["accounts_before"], len(ACCOUNTS))
        after = len(ACCOUNTS) + counts["created"]
        self.assertEqual(EXPECTED["counts"]["accounts_after"], after)
        counts = Counter(f"groups_{line['outcome']}" for line in GROUPS.values())
        before = len(answers.rows(COMPANY, "entra/groups"))
        counts |= {
            "groups": len(GROUPS),
            "groups_before": before,
            "groups_after": before + counts["groups_created"],
        }
        told = {name: n for name, n in EXPECTED["counts"].items() if name.startswith("groups")}
        self.assertEqual(counts, told)

    def test_outcomes_fit_connection_and_accounts(self):
        reached, tenant = connected(), answers.Tenant(COMPANY)
        for id, line in LINES.items():
            outcome = line["outcome"]
            self.assertEqual("entra" in line, outcome in answers.OURS, line["email"])
            if id not in reached:
                self.assertEqual(outcome, "untouched", line["email"])
            if outcome in answers.OURS:
                upn = line["entra"]["userPrincipalName"]
                self.assertEqual(upn.lower(), line["email"])
                self.assertEqual(tenant.find(upn) is None, outcome == "created", line["email"])
            self.assertEqual(outcome == "skipped", bool(line["findings"]) and "entra" not in line)
            self.assertTrue(line["why"])

    def test_managers_are_those_of_jumpcloud_as_far_as_they_are_ours(self):
        for person in PEOPLE:
            line, manager = LINES[person["_id"]], LINES.get(person["manager"])
            if "entra" not in line:
                continue
            ours = manager is not None and "entra" in manager
            upn = manager["entra"]["userPrincipalName"] if ours else None
            self.assertEqual(line["entra"].get("manager"), upn, line["email"])
            waits = manager is not None and not ours
            self.assertEqual("manager_not_bound" in line["findings"], waits, line["email"])

    def test_every_account_is_somebodys_or_a_bystander(self):
        tenant = answers.Tenant(COMPANY)
        kept = {
            tenant.find(line["entra"]["userPrincipalName"])["id"]
            for line in LINES.values()
            if line["outcome"] in ("adopted", "switched_off")
        }
        bystanders = {bystander["id"]: bystander for bystander in EXPECTED["bystanders"]}
        self.assertEqual(kept & bystanders.keys(), set())
        self.assertEqual(kept | bystanders.keys(), set(tenant.users))
        for id, bystander in bystanders.items():
            self.assertEqual(bystander["userPrincipalName"], tenant.upn(id))

    def test_only_mapped_attributes_and_known_codes_are_named(self):
        known = set(re.findall(r'=> "(\w+)"', CODES.read_text(encoding="utf-8")))
        for line in LINES.values():
            self.assertLessEqual(line.get("entra", {}).keys(), set(answers.MAPPED), line["email"])
            self.assertLessEqual(set(line["findings"]), known, line["email"])
        for line in GROUPS.values():
            codes = line["findings"] + line.get("once", [])
            self.assertLessEqual(set(codes), known, line["name"])

    def test_it_has_a_line_for_every_group_and_no_other(self):
        self.assertEqual(len(EXPECTED["groups"]), len(GROUPS))
        names = {group["id"]: group["name"] for group in answers.groups(COMPANY)}
        self.assertEqual({id: line["name"] for id, line in GROUPS.items()}, names)

    def test_outcomes_of_groups_fit_connection_and_names(self):
        tenant = answers.Tenant(COMPANY)
        plain = {"securityEnabled": True, "mailEnabled": False}
        for id, line in GROUPS.items():
            same = [
                group["id"]
                for group in tenant.groups.values()
                if group["displayName"] == line["name"] and plain.items() <= group.items()
            ]
            outcome = "created"
            if id not in connected_groups():
                outcome = "left_alone"
            elif len(same) == 1:
                outcome = "adopted"
                self.assertEqual(line["object"], same[0])
            self.assertEqual(line["outcome"], outcome, line["name"])
            self.assertEqual("members" in line, outcome in answers.GROUPS_OURS, line["name"])
            self.assertTrue(line["why"])

    def test_members_are_those_of_jumpcloud_as_far_as_they_are_ours(self):
        for id, line in GROUPS.items():
            if "members" not in line:
                continue
            people = [LINES[person] for person in resolved(id)]
            ours = [p["entra"]["userPrincipalName"] for p in people if "entra" in p]
            self.assertEqual(sorted(line["members"]), sorted(ours), line["name"])
            waits = len(ours) < len(people)
            self.assertEqual("members_not_bound" in line["findings"], waits, line["name"])

    def test_who_stays_in_a_group_was_there_and_is_nobody_of_ours(self):
        tenant = answers.Tenant(COMPANY)
        bystanders = {line["userPrincipalName"] for line in EXPECTED["bystanders"]}
        for line in GROUPS.values():
            held = {tenant.upn(id) for id in tenant.members(line.get("object"))}
            others = line.get("others", [])
            self.assertEqual(held & bystanders, set(others), line["name"])
            self.assertEqual("members_left_alone" in line["findings"], bool(others), line["name"])

    def test_an_adopted_group_has_somebody_who_stays_comes_and_leaves(self):
        tenant, line = answers.Tenant(COMPANY), GROUPS[ENGINEERING]
        held = {tenant.upn(id) for id in tenant.members(line["object"])}
        wanted = {*line["members"]}
        self.assertTrue(held & wanted and wanted - held and held - wanted - {*line["others"]})


def fulfilled():
    """The company after a run that did what is expected, as the simulators dump it."""
    after = copy.deepcopy(COMPANY)
    accounts = {row["userPrincipalName"].lower(): row for row in after["entra/users.json"]["value"]}
    managers = {
        row["id"]: row.pop("manager")["id"] for row in accounts.values() if "manager" in row
    }
    for line in EXPECTED["users"]:
        if "entra" not in line:
            continue
        account = {"userType": "Member", "mailNickname": line["email"].partition("@")[0]}
        account = accounts.setdefault(line["email"], account)
        account.setdefault("id", f"new-{line['id']}")
        account.setdefault(answers.SESSIONS, "2026-05-01T00:00:00Z")
        for name in answers.MAPPED:
            account.pop(name, None)
        account.update({key: v for key, v in line["entra"].items() if key != "manager"})
        if line["outcome"] == "switched_off":
            account[answers.SESSIONS] = "2026-05-01T00:00:01Z"
    for line in EXPECTED["users"]:
        if manager := line.get("entra", {}).get("manager"):
            managers[accounts[line["email"]]["id"]] = accounts[manager.lower()]["id"]
    for person in after["jumpcloud/systemusers.json"]["results"]:
        del person["id"]
    # The simulators leave out what is not set.
    users = [{k: v for k, v in row.items() if v is not None} for row in accounts.values()]
    after["entra/users.json"] = {"value": users}
    after["entra/managers.json"] = managers
    ids = {row["userPrincipalName"].lower(): row["id"] for row in users}
    for line in EXPECTED["groups"]:
        if "members" not in line:
            continue
        name = f"jumpcloud-{line['id']}"
        group = line.get("object", f"new-{line['id']}")
        if "object" not in line:
            after["entra/groups.json"]["value"].append({
                "id": group, "uniqueName": name, "mailNickname": name, "displayName": line["name"],
                "description": "Managed by entra-sync from JumpCloud", "securityEnabled": True,
                "mailEnabled": False, "groupTypes": [], "createdDateTime": "2026-05-01T00:00:00Z",
            })
        held = [*line["members"], *line.get("others", [])]
        rows = [{"id": ids[upn.lower()]} for upn in held]
        after[f"entra/groups/{group}/members.json"] = {"value": rows}
    return after


class Comparison(unittest.TestCase):
    def setUp(self):
        self.after = fulfilled()
        lines = {**LINES, **GROUPS}
        self.findings = {id: line["findings"] for id, line in lines.items() if line["findings"]}

    def account(self, upn):
        users = self.after["entra/users.json"]["value"]
        return next(row for row in users if row["userPrincipalName"].lower() == upn)

    def found(self):
        return expect.differences(EXPECTED, COMPANY, self.after, self.findings)

    def assert_only(self, *beginnings):
        found = self.found()
        self.assertEqual(len(found), len(beginnings), found)
        for line, beginning in zip(found, beginnings):
            self.assertTrue(line.startswith(beginning), line)

    def test_what_is_expected_makes_no_difference(self):
        self.assertEqual(self.found(), [])

    def test_a_run_that_did_nothing_is_noticed(self):
        self.after = COMPANY
        found = "\n".join(self.found())
        for line in LINES.values():
            if "entra" in line:
                self.assertIn(f"{line['email']}: ", found)
        for line in GROUPS.values():
            self.assertEqual(f"group {line['name']}: " in found, "members" in line, line["name"])

    def test_a_missing_account_is_noticed(self):
        account = self.account("anna.schmidt@corp.example")
        self.after["entra/users.json"]["value"].remove(account)
        self.assert_only(
            "anna.schmidt@corp.example: no account, expected created",
            "group Head Office: anna.schmidt@corp.example is missing",
            f"group Head Office: {account['id']} is in it, but must not be",
            "accounts_after: 63",
        )

    def test_wrong_missing_and_surplus_attributes_are_noticed(self):
        account = self.account("oliver.whitfield@corp.example")
        account["department"] = "Sales"
        del account["mobilePhone"]
        account["companyName"] = "Corp Optics SE"
        self.assert_only(
            'oliver.whitfield@corp.example: department is "Sales", expected "Operations"',
            'oliver.whitfield@corp.example: mobilePhone is not set, expected "+44',
            'oliver.whitfield@corp.example: companyName is "Corp Optics SE", expected not set',
        )

    def test_a_wrong_state_is_noticed(self):
        self.account("jonas.falk@corp.example")["accountEnabled"] = True
        self.assert_only("jonas.falk@corp.example: accountEnabled is true, expected false")

    def test_a_wrong_manager_is_noticed(self):
        account = self.account("anna.schmidt@corp.example")
        self.after["entra/managers.json"][account["id"]] = self.account("max@corp.example")["id"]
        self.assert_only('anna.schmidt@corp.example: manager is "max@corp.example", expected "sab')

    def test_a_lost_value_of_an_adopted_account_is_noticed(self):
        del self.account("piotr.zielinski@corp.example")["companyName"]
        self.account("amelie.rousseau@corp.example").pop("jobTitle")
        self.assert_only(
            "piotr.zielinski@corp.example: companyName is not set, expected",
            "amelie.rousseau@corp.example: jobTitle is not set, expected",
        )

    def test_an_account_that_was_there_counts_as_created_for_nobody(self):
        before = copy.deepcopy(COMPANY)
        before["entra/users.json"]["value"].append(self.account("anna.schmidt@corp.example"))
        found = expect.differences(EXPECTED, before, self.after, self.findings)
        self.assertEqual(found, [
            "anna.schmidt@corp.example: expected created, but the account was there before",
            "accounts_before: 19, expected 18",
        ])

    def test_the_end_of_an_account_that_no_line_names_is_noticed(self):
        before = copy.deepcopy(COMPANY)
        before["entra/users-1.json"] = [{"id": "x", "userPrincipalName": "second@page.example"}]
        found = expect.differences(EXPECTED, before, self.after, self.findings)
        self.assertEqual(found, [
            "second@page.example: the account is gone (x)",
            "accounts_before: 19, expected 18",
        ])

    def test_a_second_account_beside_the_one_to_adopt_is_noticed(self):
        users = self.after["entra/users.json"]["value"]
        users.append(self.account("leila.haddad@corp.example") | {"id": "new"})
        self.assert_only(
            "leila.haddad@corp.example: an account that nobody expects", "accounts_after: 65"
        )

    def test_a_deactivation_without_revocation_and_a_needless_one_are_noticed(self):
        before = answers.Tenant(COMPANY)
        leaver = self.account("maelle.legoff@corp.example")
        leaver[answers.SESSIONS] = before.users[leaver["id"]][answers.SESSIONS]
        self.account("piotr.zielinski@corp.example")[answers.SESSIONS] = "2026-05-01T00:00:01Z"
        self.assert_only(
            f"piotr.zielinski@corp.example: {answers.SESSIONS} is",
            "maelle.legoff@corp.example: switched off, but the sessions were not revoked",
        )

    def test_a_touched_bystander_is_noticed(self):
        self.account("thandiwe.mbeki@corp.example")["department"] = "Management"
        self.account("rasmus.bech@corp.example")["accountEnabled"] = False
        self.assert_only(
            'thandiwe.mbeki@corp.example: department is "Management", expected not set; must not',
            "rasmus.bech@corp.example: accountEnabled is false, expected true; must not",
        )

    def test_a_deleted_bystander_is_noticed(self):
        self.after["entra/users.json"]["value"].remove(self.account("room.lyon@corp.example"))
        self.assert_only("room.lyon@corp.example: the account is gone", "accounts_after: 63")

    def test_an_account_that_must_not_be_created_is_noticed(self):
        users = self.after["entra/users.json"]["value"]
        for upn in ["lukas.ammann@corp.example", "renee.lambert@corp.example"]:
            users.append({"id": f"new-{upn}", "userPrincipalName": upn, "accountEnabled": True})
        self.assert_only(
            "lukas.ammann@corp.example: created, but must not be (P15",
            "renee.lambert@corp.example: an account that nobody expects",
            "accounts_after: 66",
        )

    def test_wrong_findings_are_noticed(self):
        del self.findings["65f000000000000000000011"]
        self.findings["65f000000000000000000001"] = ["upn_held"]
        self.assert_only(
            "katharina.brandt@corp.example: findings upn_held, expected none",
            "renee.lambert+events@corp.example: findings none, expected upn_invalid",
        )

    def group(self, id):
        return next(row for row in self.after["entra/groups.json"]["value"] if row["id"] == id)

    def held(self, id):
        return self.after[f"entra/groups/{id}/members.json"]["value"]

    def test_touched_groups_roles_and_deleted_items_are_noticed(self):
        contractors = "9a000000-0000-4000-8000-000000000007"
        self.group(contractors)["displayName"] = "Renamed"
        self.held(contractors).pop(0)
        self.after["entra/deletedUsers.json"] = {"value": [{"id": "d", "displayName": "D"}]}
        self.assert_only(
            "entra/deletedUsers: d was not there before",
            f'entra/groups {contractors}: displayName is "Renamed", expected "Contractors"',
            f"entra/groups/{contractors}/members: carlos.ibanez@corp.example is gone",
        )

    def test_wrong_members_are_noticed(self):
        held = self.held(GROUPS[ENGINEERING]["object"])
        leaver, guest = self.account("amelie.rousseau@corp.example"), EXPECTED["bystanders"][-1]
        julia = self.account("julia.nowak@corp.example")
        held[:] = [row for row in held if row["id"] not in (guest["id"], julia["id"])]
        held.append({"id": leaver["id"]})
        self.assert_only(
            "group Engineering: julia.nowak@corp.example is missing",
            f"group Engineering: {guest['userPrincipalName'].lower()} was put out, though not ours",
            "group Engineering: amelie.rousseau@corp.example is in it, but must not be",
        )

    def test_a_group_of_another_kind_or_name_is_noticed(self):
        created = self.group("new-65f0000000000000000000b7")
        created |= {"displayName": "Leads", "mailEnabled": True, "groupTypes": ["Unified"]}
        self.group(GROUPS[ENGINEERING]["object"])["description"] = "Managed"
        self.assert_only(
            'group Engineering: description is "Managed", expected "Access to the source code"',
            'group People managers: displayName is "Leads", expected "People managers"',
            'group People managers: groupTypes is ["Unified"], expected not set',
            "group People managers: mailEnabled is true, expected false",
        )

    def test_a_missing_a_surplus_and_a_second_group_are_noticed(self):
        groups = self.after["entra/groups.json"]["value"]
        groups.remove(self.group("new-65f0000000000000000000b6"))
        del self.after["entra/groups/new-65f0000000000000000000b6/members.json"]
        groups.append({"id": "n", "uniqueName": "jumpcloud-65f0000000000000000000b5"})
        groups.append({"id": "o", "displayName": "Engineering"})
        self.assert_only(
            "group Contractors: created, but must not be (not connected",
            "group Optics laboratory: not there, expected created (G1",
            "entra/groups: o was not there before",
            "groups_after: 13, expected 12",
        )

    def test_an_adoption_in_place_of_a_creation_is_noticed(self):
        line = GROUPS["65f0000000000000000000b3"]
        groups = self.after["entra/groups.json"]["value"]
        groups.remove(self.group(f"new-{line['id']}"))
        members = self.after.pop(f"entra/groups/new-{line['id']}/members.json")
        self.after["entra/groups/9a000000-0000-4000-8000-000000000006/members.json"] = members
        found = self.found()
        self.assertEqual(found[0][:50], "group Head Office: not there, expected created (G2")
        self.assertIn("members: room.lyon@corp.example is gone", "\n".join(found))
        self.assertEqual(found[-1], "groups_after: 11, expected 12")

    def test_findings_of_groups_are_compared_as_far_as_they_last(self):
        variant = "65f0000000000000000000b3"
        self.findings[variant] = ["group_name_variant", "members_not_bound"]
        self.assertEqual(self.found(), [])
        self.findings[variant] = ["group_name_variant"]
        self.findings[ENGINEERING] = []
        self.assert_only(
            "group Engineering: findings none, expected members_left_alone, members_not_bound",
            "group Head Office: findings group_name_variant, expected members_not_bound",
        )

    def test_a_write_to_jumpcloud_is_noticed(self):
        self.after["jumpcloud/systemusers.json"]["results"][4]["state"] = "SUSPENDED"
        self.assert_only("JumpCloud user oliver.whitfield@corp.example: changed in state")

    def test_the_table_tells_what_became_of_everybody(self):
        told = tables.table(COMPANY, self.after, self.findings, EXPECTED).splitlines()
        counts = EXPECTED["counts"]
        summary = ", ".join(f"{counts[n]} {n.replace('_', ' ')}" for n in answers.OUTCOMES)
        self.assertEqual(told[-1], f"{len(PEOPLE)} people: {summary}")
        cells = {line.split()[0]: re.split(r"\s{2,}", line) for line in told[1:-2]}
        for line in LINES.values():
            self.assertEqual(cells[line["email"]][1], line["outcome"].replace("_", " "))
        self.assertIn("guest", cells["thandiwe.mbeki@corp.example"][4])
        self.assertEqual(cells["jonas.falk@corp.example"][2], "disabled")
        self.assertEqual(cells["ji-woo.park@corp.example"][3], "displayName, givenName, 11 more")
        self.assertEqual(cells["max@corp.example"][3], "-")

    def test_the_table_needs_no_expectation(self):
        bound = {"65f000000000000000000048": self.account("leila.haddad@corp.example")["id"]}
        told = tables.table(COMPANY, COMPANY, {}, bound=bound)
        self.assertRegex(told, r"leila\.haddad@corp\.example +adopted +disabled +-")
        summary = "0 created, 1 adopted, 0 switched off, 0 skipped, 71 untouched"
        self.assertTrue(told.endswith(summary), told)

    def test_the_table_of_groups_tells_what_became_of_each(self):
        for bound in (None, {ENGINEERING: GROUPS[ENGINEERING]["object"]}):
            told = tables.group_table(COMPANY, self.after, self.findings, EXPECTED, bound)
            told = told.splitlines()
            self.assertEqual(told[-1], "8 groups: 5 created, 1 adopted, 2 left alone")
            rows = [re.split(r"\s{2,}", line) for line in told[1:-2]]
            cells = {row[0]: row[1:] for row in rows}
            for line in GROUPS.values():
                self.assertEqual(cells[line["name"]][0], line["outcome"].replace("_", " "))
            self.assertEqual(cells["Engineering"][1:3], ["22", "18 came, 1 left"])
            self.assertIn("members_left_alone", cells["Engineering"][3])
            self.assertEqual(cells["Optics laboratory"][1:3], ["6", "-"])
            self.assertEqual(cells["Contractors"][1:3], ["-", "-"])

    def test_columns_stand_below_each_other_in_any_script(self):
        told = tables.table(
            {"jumpcloud/systemusers-1.json": [{"_id": "1", "email": "田中@corp.example"}]}, {}, {}
        )
        self.assertEqual(told.splitlines()[:2], [
            "WHO                OUTCOME    ACCOUNT  CHANGED  WHY",
            "田中@corp.example  untouched  -        -",
        ])

    def test_the_command_compares_folders_and_dumps(self):
        with tempfile.TemporaryDirectory() as folder:
            dump, findings = Path(folder, "after.json"), Path(folder, "findings.json")
            findings.write_text(json.dumps(self.findings))
            names = [str(FOLDER / "expected.json"), str(FOLDER), str(dump)]
            dump.write_text(json.dumps(self.after))
            status, told = self.command(*names, "--findings", str(findings))
            self.assertEqual((status, told), (0, "as expected\n"))
            self.account("max@corp.example")["surname"] = "Moritz"
            dump.write_text(json.dumps(self.after))
            status, told = self.command(*names)
            self.assertEqual(status, 1)
            self.assertIn('max@corp.example: surname is "Moritz", expected not set', told)
            dump.write_text("no JSON")
            self.assertEqual(self.command(*names)[0], 2)

    def command(self, *arguments):
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
            status = expect.main(list(arguments))
        return status, told.getvalue()


if __name__ == "__main__":
    unittest.main()
