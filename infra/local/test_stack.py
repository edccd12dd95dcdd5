"""The real template on the real stand-in, with a few lines of Python in place of the functions."""

import json
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from stack import NotReady, Stack

# Answers HTTP with what came, hands back messages that say so, and knows nothing else.
FUNCTION = """#!{python}
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as asked:
        event, id = json.load(asked), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    if "rawPath" in event:
        names = ("SYNC_TABLE", "EVENTS_QUEUE_URL", "ALLOW_CUSTOM_ENDPOINTS", "MORE")
        seen = dict(path=event["rawPath"], body=event.get("body"))
        seen.update((name, os.environ.get(name)) for name in names)
        answer = dict(statusCode=200, body=json.dumps(seen))
    else:
        failed = [r["messageId"] for r in event.get("Records", []) if r["body"] == "hand back"]
        answer = dict(batchItemFailures=[dict(itemIdentifier=id) for id in failed])
    data = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(api + id + "/response", data)).close()
"""


def functions(folder):
    """The stand-ins for the built binaries, in this folder."""
    for name in ("ingest", "consumer", "reconciler"):
        binary = Path(folder) / name
        binary.write_text(FUNCTION.format(python=sys.executable), encoding="utf-8")
        binary.chmod(0o755)


def until(condition, seconds=20):
    """Waits until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Deployed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        functions(cls.folder.name)
        cls.stack = Stack(Path(cls.folder.name) / "state", environment={"MORE": "more"})
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.start()
        parameters = {"EventsVisibility": "1", "MaxReceiveCount": "2"}
        cls.stack.deploy(cls.folder.name, parameters)

    def depth(self, queue):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.stack.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.outputs[queue], AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def test_the_routes_reach_ingest_and_nothing_else_does(self):
        url = self.stack.outputs["ApiUrl"]
        with urllib.request.urlopen(f"{url}/health") as answer:
            self.assertEqual(json.load(answer)["path"], "/health")
        request = urllib.request.Request(
            f"{url}/events/corp", b'{"a":1}', {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            seen = json.load(answer)
        self.assertEqual(seen["path"], "/events/corp")
        self.assertEqual(seen["body"], '{"a":1}')
        self.assertEqual(seen["SYNC_TABLE"], self.stack.outputs["TableName"])
        self.assertEqual(seen["EVENTS_QUEUE_URL"], self.stack.outputs["EventsQueueUrl"])
        self.assertEqual(seen["ALLOW_CUSTOM_ENDPOINTS"], "1")
        self.assertEqual(seen["MORE"], "more")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/elsewhere")
        refused.exception.close()
        self.assertEqual(refused.exception.code, 404)

    def test_the_table_has_its_keys_and_indexes(self):
        name = self.stack.outputs["TableName"]
        table = self.stack.client("dynamodb").describe_table(TableName=name)["Table"]
        keys = lambda schema: [key["AttributeName"] for key in schema]
        self.assertEqual(keys(table["KeySchema"]), ["pk", "sk"])
        indexes = {i["IndexName"]: i for i in table["GlobalSecondaryIndexes"]}
        self.assertEqual(
            {name: keys(index["KeySchema"]) for name, index in indexes.items()},
            {"due": ["due_of", "due_at"], "subjects": ["subjects_of", "pk"]},
        )
        for index in indexes.values():
            self.assertEqual(index["Projection"], {"ProjectionType": "KEYS_ONLY"})

    def test_both_queues_reach_a_consumer_and_what_is_handed_back_is_parked_in_the_end(self):
        sqs = self.stack.client("sqs")
        for queue in ("EventsQueueUrl", "BulkQueueUrl"):
            url = self.stack.outputs[queue]
            sqs.send_message(QueueUrl=url, MessageBody="fine", MessageGroupId="corp")
        sqs.send_message(
            QueueUrl=self.stack.outputs["EventsQueueUrl"],
            MessageBody="hand back",
            MessageGroupId="corp",
        )
        empty = lambda: not self.depth("EventsQueueUrl") and not self.depth("BulkQueueUrl")
        self.assertTrue(until(empty), self.stack.log())
        self.assertEqual(self.depth("ParkedQueueUrl"), 1)

    def test_the_schedule_asks_the_reconciler_to_catch_up_without_retries(self):
        scheduler = self.stack.client("scheduler")
        (listed,) = scheduler.list_schedules()["Schedules"]
        schedule = scheduler.get_schedule(Name=listed["Name"])
        self.assertEqual(schedule["ScheduleExpression"], "rate(1 minute)")
        self.assertEqual(schedule["State"], "ENABLED")
        target = schedule["Target"]
        self.assertIn(self.stack.outputs["ReconcilerFunctionName"], target["Arn"])
        self.assertEqual(json.loads(target["Input"]), {"task": "catch_up"})
        self.assertEqual(target["RetryPolicy"]["MaximumRetryAttempts"], 0)


class AsACommand(unittest.TestCase):
    def test_it_says_where_it_is_and_ends_with_its_input_leaving_nothing_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            functions(folder)
            secrets = Path(folder) / "secrets.json"
            secrets.write_text('{"entra-sync/corp": {"jumpcloud": {"api_key": "key"}}}')
            state = Path(folder) / "state"
            command = [sys.executable, Path(__file__).with_name("stack.py"), "up"]
            command += ["--state", state, "--binaries", folder, "--no-schedule"]
            command += ["--secrets", secrets]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as process:
                facts = json.loads(process.stdout.readline())
                with urllib.request.urlopen(f"{facts['ApiUrl']}/health") as answer:
                    self.assertEqual(answer.status, 200)
                stack = Stack(state, int(facts["endpoint"].rpartition(":")[2]))
                (listed,) = stack.client("scheduler").list_schedules()["Schedules"]
                self.assertEqual(listed["State"], "DISABLED")
                secret = stack.client("secretsmanager").get_secret_value(
                    SecretId="entra-sync/corp"
                )
                self.assertEqual(
                    json.loads(secret["SecretString"]), {"jumpcloud": {"api_key": "key"}}
                )
                process.stdin.close()
                self.assertEqual(process.wait(timeout=20), 0)
            self.assertEqual(running(str(state)), [])

    def test_a_missing_binary_is_named(self):
        with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "state") as stack:
            with self.assertRaisesRegex(NotReady, "consumer is missing"):
                stack.deploy(folder)


def running(text):
    """Processes whose command line holds this text."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if text in line]


if __name__ == "__main__":
    unittest.main()
