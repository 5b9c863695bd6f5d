"""Run what `sam build` made once: a stored capture becomes a sighting.

usage: python -m tests.cloud.smoke .aws-sam/build
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.cloud.emulator import emulated
from tests.cloud.stand_ins import stand_ins
from tests.cloud.template import ROOT, function
from tests.portraits import ASTRONAUT


def main(build_folder: Path) -> None:
    """Exit with 0 and the sighting on standard output, or with a reason."""
    event = json.loads((ROOT / "events" / "recognition-put.json").read_text())
    key = event["Records"][0]["s3"]["object"]["key"]
    with tempfile.TemporaryDirectory() as folder, stand_ins() as services:
        services.client("s3").put_object(Bucket=services.bucket, Key=key, Body=ASTRONAUT.read_bytes())
        artifact = (build_folder / "RecognitionFunction").resolve()
        handler, environment = function("Recognition")["Handler"], services.environment("Recognition")
        with emulated(artifact, handler, environment, log=Path(folder) / "log") as recognition:
            answer = recognition.invoke(event)
    print(json.dumps(answer))
    if [sighting["outcome"] for sighting in answer.get("sightings", ())] != ["unknown"]:
        sys.exit("smoke: expected one sighting of nobody enrolled")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
