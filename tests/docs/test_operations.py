"""Each aws command in docs/operations.md exists with its options, and says that it needs an account."""

import re
import shlex
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import get_session

from tests.cloud.template import resources, template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
AWS = sorted(set(re.findall(r"^    (aws .+)", PAGE, re.MULTILINE)))
# Of the aws command itself, not of a service's model.
CLI_ONLY = {"s3 cp", "logs tail", "dynamodb wait"}


def test_whatever_needs_an_account_says_so() -> None:
    blocks = re.findall(r"\n\n((?:    .*\n)+)", PAGE)
    silent = [
        block
        for block in blocks
        if re.search(r"^    (aws|sam) ", block, re.MULTILINE) and not block.startswith("    # AWS account")
    ]

    assert silent == []


@pytest.mark.parametrize("line", AWS)
def test_an_aws_command_exists_with_its_options(line: str) -> None:
    _, service, command, *words = shlex.split(line)
    if f"{service} {command}" in CLI_ONLY:
        return
    model = get_session().get_service_model("s3" if service == "s3api" else service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(operations[command]).input_shape
    assert shape is not None
    members = {xform_name(name, "-") for name in shape.members}
    options = [word.removeprefix("--") for word in words if word.startswith("--")]

    assert [each for each in options if each.removeprefix("no-") not in members] == []


def test_every_alarm_of_the_template_is_explained() -> None:
    alarms = {name for name, _ in resources("AWS::CloudWatch::Alarm")}
    others = {
        "DoorErrors",
        "EnrollmentErrors",
        "QueryErrors",
        "NotificationErrors",
    }  # explained with RecognitionErrors

    assert {name for name in alarms if f"`{name}`" in PAGE} == alarms - others


def test_a_months_bill_adds_up_and_counts_what_the_template_makes() -> None:
    section = PAGE.split("## What a month costs")[1].split("\n## ")[0]
    rows = [
        [cell.strip(" *") for cell in line.split("|")[1:-1]]
        for line in re.findall(r"^\|.*", section, re.MULTILINE)
    ]
    bill = {row[0]: row[1:] for row in rows[2:]}
    sums = bill.pop("sum")

    for column in (2, 3):
        total = sum(round(float(row[column]) * 100) for row in bill.values())
        assert total == round(float(sums[column]) * 100)
    alarms = len(list(resources("AWS::CloudWatch::Alarm")))
    assert bill["CloudWatch alarms"][0] == f"{alarms}, and one a kiosk"
    for doors, column in ((1, 2), (50, 3)):
        assert float(bill["CloudWatch alarms"][column]) == pytest.approx((alarms + doors) * 0.1)
        searches = 9000 * doors * float(template()["Parameters"]["CallUsd"]["Default"])
        assert float(bill["Rekognition"][column]) == pytest.approx(searches)
