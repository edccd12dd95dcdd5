"""The deployed system on this machine: the AWS stand-in, with the real template on it.

As a command it serves tests that want a stack of their own:

    python stack.py up --state DIR --binaries DIR [--port P] [--no-schedule]
                       [--env NAME=VALUE]... [--parameter NAME=VALUE]... [--secrets FILE]

prints one line of JSON (`endpoint`, `region` and the outputs of the template) when all is ready,
and stays until its standard input ends or SIGTERM comes.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

import template
from processes import Process, free_port

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE.parent / "template.yaml"
REGION = "eu-west-1"
NAME = "entra-sync"
READY_SECONDS = 60


class NotReady(Exception):
    """The stand-in or the deployment failed; the text says where to look."""


class Stack:
    """A running stand-in; a context manager that stops it."""

    def __init__(self, state, port=None, environment=None):
        self.state = Path(state).resolve()
        self.port = port or free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        # What the functions get beyond the template's own; see `deploy` for the rest.
        self.environment = dict(environment or {})
        self.outputs = {}
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts the stand-in and waits until it answers."""
        folder = self.state / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        log = self.state / "ministack.log"
        log.unlink(missing_ok=True)
        # From the environment we were started in comes nothing: the functions inherit this one.
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL": self.endpoint,
            **self.credentials(),
        }
        program = Path(sys.executable).parent / "ministack"
        self._process = Process([program], log, environment)
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._process.ended() is not None or time.monotonic() > deadline:
                said = self._process.tail()
                self.stop()
                raise NotReady(f"{program} does not answer on port {self.port}:\n{said}")
            time.sleep(0.05)

    def stop(self):
        """Ends the stand-in and the functions it started."""
        if self._process:
            self._process.stop()
            shutil.rmtree(self.state / "tmp", ignore_errors=True)

    def log(self):
        """The last of what the stand-in and the functions said."""
        return self._process.tail(60)

    def credentials(self):
        """The environment that lets the AWS tools in."""
        return {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service):
        """A client of this stack."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(read_timeout=960, retries={"total_max_attempts": 2}, proxies={}),
        )

    def deploy(self, folder, parameters=None):
        """Deploys the template with the binaries of this folder; the outputs."""
        source = template.read(TEMPLATE)
        s3 = self.client("s3")
        s3.create_bucket(
            Bucket=template.BUCKET,
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )

        def upload(name):
            binary = Path(folder) / name
            if not binary.is_file():
                raise NotReady(f"{binary} is missing: build it first")
            s3.put_object(Bucket=template.BUCKET, Key=f"{name}.zip", Body=template.archive(binary))

        with ThreadPoolExecutor() as pool:
            list(pool.map(upload, template.binaries(source)))
        arm = platform.machine() in ("aarch64", "arm64")
        parameters = {
            "Architecture": "arm64" if arm else "x86_64",
            "AllowCustomEndpoints": "1",
            "DeletionProtection": "false",
            **(parameters or {}),
        }
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=NAME,
            TemplateBody=template.packaged(source, parameters, self.environment),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        self.outputs = self._outputs(cloudformation)
        return self.outputs

    def put_secret(self, name, value):
        """Creates a secret that holds this value as JSON."""
        self.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(value))

    def settings(self):
        """The environment with which the command line finds this stack."""
        names = {
            "SYNC_TABLE": "TableName",
            "EVENTS_QUEUE_URL": "EventsQueueUrl",
            "BULK_QUEUE_URL": "BulkQueueUrl",
            "PARKED_QUEUE_URL": "ParkedQueueUrl",
        }
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "ALLOW_CUSTOM_ENDPOINTS": "1",
            **self.credentials(),
            **{variable: self.outputs[output] for variable, output in names.items()},
        }

    def _answers(self):
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _outputs(self, cloudformation):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            stack = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]
            if stack["StackStatus"] == "CREATE_COMPLETE":
                break
            if stack["StackStatus"] != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
                events = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
                reasons = [
                    f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
                    for event in reversed(events)
                    if event.get("ResourceStatusReason")
                ]
                raise NotReady("\n".join([f"the stack is {stack['StackStatus']}", *reasons]))
            time.sleep(0.05)
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        # No name server knows the domain of an API here. What a sender signs is the path behind
        # this URL, as it is on AWS.
        api = outputs["ApiUrl"].split("://")[1].split(".")[0]
        outputs["ApiUrl"] = f"{self.endpoint}/_aws/execute-api/{api}"
        return outputs


def pair(text):
    """NAME=VALUE in two."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def up(arguments):
    """Runs a stack until standard input ends or SIGTERM comes."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, lambda *_: over.set())

    def until_input_ends():
        while os.read(sys.stdin.fileno(), 4096):
            pass
        over.set()

    threading.Thread(target=until_input_ends, daemon=True).start()
    with Stack(arguments.state, arguments.port, dict(arguments.env)) as stack:
        parameters = dict(arguments.parameter)
        if arguments.no_schedule:
            parameters["ScheduleState"] = "DISABLED"
        outputs = stack.deploy(arguments.binaries, parameters)
        if arguments.secrets:
            with open(arguments.secrets, encoding="utf-8") as file:
                for name, value in json.load(file).items():
                    stack.put_secret(name, value)
        print(json.dumps({"endpoint": stack.endpoint, "region": REGION, **outputs}), flush=True)
        over.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("up", help="run a stack until standard input ends")
    command.add_argument("--state", required=True, help="folder for the log and what is unpacked")
    command.add_argument("--binaries", required=True, help="folder of the built binaries")
    command.add_argument("--port", type=int, help="loopback port; a free one by default")
    command.add_argument("--no-schedule", action="store_true", help="nothing rings by itself")
    command.add_argument(
        "--env", action="append", default=[], type=pair, metavar="NAME=VALUE",
        help="more environment for the functions",
    )
    command.add_argument(
        "--parameter", action="append", default=[], type=pair, metavar="NAME=VALUE",
        help="of the template, such as EventsVisibility=2",
    )
    command.add_argument("--secrets", help="JSON file: an object of secrets by id")
    try:
        up(parser.parse_args())
    except NotReady as error:
        sys.exit(f"stack: {error}")


if __name__ == "__main__":
    main()
