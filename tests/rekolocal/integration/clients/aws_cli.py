"""AWS CLI as one process: lines of JSON in, [operation, request, blobs]; out, {reply} or {code, message}.

Run by the CLI's own environment. `blobs`: files with the bytes of a request's images, by member.
"""

import contextlib
import io
import json
import os
import re
import sys

from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]


def option(name: str) -> str:
    return "--" + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def answer(operation: str, request: dict[str, object], blobs: dict[str, str]) -> dict[str, object]:
    words = ["rekognition", option(operation)[2:], "--output", "json"]
    for name, value in request.items():
        words += [option(name), value if isinstance(value, str) else json.dumps(value)]
    for name, path in blobs.items():
        words += [f"{option(name)}-bytes", f"fileb://{path}"]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = driver.main(words)
    if status == 0:
        return {"reply": json.loads(out.getvalue() or "{}")}
    refused = re.search(r"An error occurred \((\w+)\) when calling the \w+ operation: (.*)", err.getvalue())
    if refused is None:
        return {"code": None, "message": err.getvalue()}
    return {"code": refused[1], "message": refused[2]}


os.environ["AWS_ENDPOINT_URL_REKOGNITION"] = sys.argv[1]
driver = create_clidriver()
for line in sys.stdin:
    print(json.dumps(answer(*json.loads(line))), flush=True)
