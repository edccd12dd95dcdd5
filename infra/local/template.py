"""The deployed template, made ready for the local stack.

What `sam deploy` does with it, without S3 in between: the folders named by `CodeUri` become
uploaded archives. The template itself is never written for the local run.
"""

import io
import json
import os
import stat
import zipfile

from samtranslator.yaml_helper import yaml_parse

BUCKET = "code"


def read(path):
    """The template with its intrinsic functions in their long form."""
    with open(path, encoding="utf-8") as file:
        return yaml_parse(file.read())


def binaries(template):
    """The names of the binaries it wants: the folders that its functions' code is in."""
    return sorted({_binary(function) for function in _functions(template)})


def packaged(template, parameters, environment):
    """The template with code from the bucket, and with more environment for its functions.

    Numbers that are parameters are written in: the stand-in would hand them on as text, and its
    queues then never reach a function.
    """
    kinds = template["Parameters"]
    numbers = {
        name: int(parameters.get(name, parameter["Default"]))
        for name, parameter in kinds.items()
        if parameter["Type"] == "Number"
    }
    template = _with_numbers(template, numbers)
    for function in _functions(template):
        function["CodeUri"] = {"Bucket": BUCKET, "Key": f"{_binary(function)}.zip"}
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables.update(environment)
    return json.dumps(template, separators=(",", ":"))


def archive(binary):
    """A zip that holds the binary as `bootstrap`.

    Stored, not compressed: it never leaves the machine. The fixed time makes equal binaries equal
    archives.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
        entry.external_attr = (stat.S_IFREG | 0o755) << 16
        with open(binary, "rb") as content:
            file.writestr(entry, content.read())
    return buffer.getvalue()


def _with_numbers(node, numbers):
    if isinstance(node, list):
        return [_with_numbers(item, numbers) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1 and node.get("Ref") in numbers:
        return numbers[node["Ref"]]
    return {key: _with_numbers(value, numbers) for key, value in node.items()}


def _functions(template):
    resources = template["Resources"].values()
    return [r["Properties"] for r in resources if r["Type"] == "AWS::Serverless::Function"]


def _binary(function):
    return os.path.basename(function["CodeUri"].rstrip("/"))
