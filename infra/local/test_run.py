"""What a run makes of a company's folder, and how it tells the cost."""

import tempfile
import tomllib
import unittest
from pathlib import Path

import answers
import run
import vendors

COMPANY = answers.load(run.SAMPLE)


class Simulated:
    """Places as the simulators would tell them."""

    @staticmethod
    def places():
        simulated = vendors.Vendors("simulators", run.SAMPLE, Path("/nowhere"), "url", "token")
        simulated.jumpcloud = {
            "organization": "65f0000000000000000000aa",
            "api_url": "http://127.0.0.1:1/api",
            "insights_url": "http://127.0.0.1:1/insights/directory/v1",
            "token_url": "http://127.0.0.1:1/oauth2/token",
        }
        simulated.entra = {
            "tenant": "00000000-0000-4000-8000-0000000000aa",
            "graph_url": "http://127.0.0.1:2/v1.0",
            "login_url": "http://127.0.0.1:2",
        }
        return simulated.places()


class Configuration(unittest.TestCase):
    def test_every_blank_of_the_sample_is_filled_in(self):
        text = run.configuration(run.SAMPLE, COMPANY, Simulated)
        self.assertNotRegex(text.split("\n\n", 1)[1], "@")
        config = tomllib.loads(text)
        self.assertEqual(config["id"], run.DIRECTORY)
        self.assertEqual(
            config["jumpcloud"]["scope"], {"application": "65f0000000000000000000c1"}
        )
        self.assertEqual(config["entra"]["graph_url"], "http://127.0.0.1:2/v1.0")
        self.assertEqual(config["entra"]["client_id"], vendors.CLIENT)

    def test_a_company_may_bring_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            own = Path(folder) / "directory.toml"
            own.write_text('tenant_id = "@entra_tenant@"\nscope.user_groups = ["b1"]\n')
            self.assertEqual(
                run.configuration(Path(folder), {}, Simulated),
                'tenant_id = "00000000-0000-4000-8000-0000000000aa"\nscope.user_groups = ["b1"]\n',
            )

    def test_a_company_without_an_application_is_told_what_to_do(self):
        with self.assertRaisesRegex(run.Unusable, "applications.json.*directory.toml"):
            run.configuration(Path("/nowhere"), {}, Simulated)


class Remembered(unittest.TestCase):
    """What the command line answers about people and about groups."""

    @staticmethod
    def json(*arguments, missing):
        def shown(codes, binding, failure=None):
            findings = [{"code": code} for code in codes]
            return {"findings": findings, "failure": failure, "binding": binding}

        return {
            ("show", "user", "1"): shown(["guest"], {"object": "a", "given_up": False}),
            ("show", "user", "2"): shown([], {"object": "b", "given_up": True}),
            ("show", "user", "3"): shown([], None, {"class": "graph_refused"}),
            # Nothing ever gives a group up.
            ("show", "group", "1"): shown(["group_ambiguous"], {"object": "g"}),
        }.get(arguments)

    def test_findings_failures_and_living_bindings_are_kept_by_id(self):
        remembered = run.findings_and_bindings(self, "user", ["1", "2", "3", "4"])
        findings = {"1": ["guest"], "2": [], "3": ["failure: graph_refused"]}
        self.assertEqual(remembered, (findings, {"1": "a"}))
        remembered = run.findings_and_bindings(self, "group", ["1", "2"])
        self.assertEqual(remembered, ({"1": ["group_ambiguous"]}, {"1": "g"}))


class Cost(unittest.TestCase):
    def test_routes_are_listed_by_their_number_with_a_share_per_person(self):
        counts = {"Entra": {"GET /users": 2, "POST /users": 4}, "JumpCloud": {}}
        self.assertEqual(
            vendors.cost(counts, 4),
            "Entra: 6 requests, 1.5 per person bound\n"
            "  POST /users       4\n"
            "  GET /users        2\n"
            "JumpCloud: 0 requests, 0.0 per person bound",
        )

    def test_nobody_bound_is_no_division_by_zero(self):
        self.assertEqual(vendors.cost({"Entra": {}}, 0), "Entra: 0 requests")


if __name__ == "__main__":
    unittest.main()
