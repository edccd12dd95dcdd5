"""The template as the local stack takes it, and the promises that it makes to others."""

import io
import json
import tempfile
import unittest
import zipfile
from pathlib import Path

import template
from stack import TEMPLATE

SOURCE = template.read(TEMPLATE)


class Promises(unittest.TestCase):
    """What deployments and other people's scripts rely on."""

    def test_the_outputs(self):
        self.assertEqual(
            sorted(SOURCE["Outputs"]),
            sorted([
                "ApiUrl",
                "TableName",
                "EventsQueueUrl",
                "BulkQueueUrl",
                "ParkedQueueUrl",
                "IngestFunctionName",
                "EventsConsumerFunctionName",
                "BulkConsumerFunctionName",
                "ReconcilerFunctionName",
            ]),
        )

    def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_work(self):
        default = {name: entry["Default"] for name, entry in SOURCE["Parameters"].items()}
        for lane in ("Events", "Bulk"):
            self.assertEqual(default[f"{lane}Visibility"], 6 * default[f"{lane}Timeout"], lane)

    def test_other_hosts_than_the_vendors_are_forbidden_unless_asked_for(self):
        self.assertEqual(SOURCE["Parameters"]["AllowCustomEndpoints"]["Default"], "0")


class Packaged(unittest.TestCase):
    def test_every_folder_of_code_becomes_an_archive_in_the_bucket(self):
        self.assertEqual(template.binaries(SOURCE), ["consumer", "ingest", "reconciler"])
        packaged = json.loads(template.packaged(SOURCE, {}, {}))
        uris = [function["CodeUri"] for function in template._functions(packaged)]
        self.assertEqual(
            sorted(uri["Key"] for uri in uris),
            ["consumer.zip", "consumer.zip", "ingest.zip", "reconciler.zip"],
        )

    def test_numbers_are_written_in_and_may_be_given(self):
        packaged = json.loads(template.packaged(SOURCE, {"EventsVisibility": "2"}, {}))
        resources = packaged["Resources"]
        self.assertEqual(resources["EventsQueue"]["Properties"]["VisibilityTimeout"], 2)
        self.assertEqual(resources["BulkQueue"]["Properties"]["VisibilityTimeout"], 1800)
        concurrency = resources["EventsConsumerSource"]["Properties"]["ScalingConfig"]
        self.assertEqual(concurrency, {"MaximumConcurrency": 20})

    def test_the_environment_is_added_to_the_templates_own(self):
        packaged = json.loads(template.packaged(SOURCE, {}, {"RUST_LOG": "debug", "MORE": "1"}))
        variables = packaged["Globals"]["Function"]["Environment"]["Variables"]
        self.assertEqual(variables["RUST_LOG"], "debug")
        self.assertEqual(variables["MORE"], "1")
        self.assertEqual(variables["SYNC_TABLE"], {"Ref": "Table"})

    def test_an_archive_holds_the_binary_ready_to_run(self):
        with tempfile.TemporaryDirectory() as folder:
            binary = Path(folder) / "ingest"
            binary.write_bytes(b"#!/bin/sh\n")
            content = template.archive(binary)
            self.assertEqual(content, template.archive(binary))
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            (entry,) = file.infolist()
            self.assertEqual(entry.filename, "bootstrap")
            self.assertEqual(entry.external_attr >> 16 & 0o777, 0o755)
            self.assertEqual(file.read(entry), b"#!/bin/sh\n")


if __name__ == "__main__":
    unittest.main()
