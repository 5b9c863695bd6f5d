"""Who may import whom, as docs/architecture.md says it."""

import sys
from pathlib import Path

import pytest

from tests.architecture.imports import ROOT, imported, sources, top_level

SDK = {
    "boto3",
    "botocore",
    "mypy_boto3_dynamodb",
    "mypy_boto3_rekognition",
    "mypy_boto3_s3",
    "mypy_boto3_sqs",
}
FUNCTIONS = {"recognition", "door", "enrollment", "query"}
DOMAIN = ROOT / "functions" / "recognizeme"
STANDARD_LIBRARY = set(sys.stdlib_module_names)
NOT_USE_CASES = {"__init__", "model", "policy", "ports", "errors", "settings", "wiring"}


def outside(path: Path) -> set[str]:
    """What the file imports beyond the standard library."""
    return top_level(path) - STANDARD_LIBRARY


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources(*(f"functions/{each}" for each in FUNCTIONS)), ids=name)
def test_a_handler_imports_powertools_and_the_domain_only(path: Path) -> None:
    assert outside(path) <= {"aws_lambda_powertools", "recognizeme"}


@pytest.mark.parametrize("path", [DOMAIN / "model.py", DOMAIN / "policy.py"], ids=name)
def test_model_and_policy_need_the_standard_library_only(path: Path) -> None:
    own = {each for each in imported(path) if each.startswith("recognizeme.")}

    assert outside(path) <= {"recognizeme"}
    assert {each.split(".")[1] for each in own} <= {"model", "policy", "errors"}


@pytest.mark.parametrize(
    "path", [path for path in DOMAIN.glob("*.py") if path.stem not in NOT_USE_CASES], ids=name
)
def test_a_use_case_knows_no_aws_and_no_environment(path: Path) -> None:
    names = imported(path)

    assert outside(path) <= {"recognizeme"}
    assert not {each for each in names if each.startswith(("recognizeme.adapters", "recognizeme.entry"))}
    assert not {each for each in names if each.startswith(("recognizeme.settings", "recognizeme.wiring"))}
    assert not names & {"os", "os.environ", "os.getenv"}


@pytest.mark.parametrize("path", sorted((DOMAIN / "adapters").rglob("*.py")), ids=name)
def test_an_adapter_imports_the_sdk_and_the_domains_words_only(path: Path) -> None:
    own = {each.split(".")[1] for each in imported(path) if each.startswith("recognizeme.")}

    assert outside(path) <= SDK | {"recognizeme"}
    assert own <= {"adapters", "model", "ports", "errors"}


@pytest.mark.parametrize(
    "path", [each for each in sources("functions", "kiosk") if "adapters" not in each.parts], ids=name
)
def test_only_adapters_know_the_sdk(path: Path) -> None:
    # The kiosk signs its requests with botocore, and calls no service with it.
    allowed = {"botocore"} if "kiosk" in path.parts else set()

    assert top_level(path) & SDK <= allowed


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("functions", {"kiosk", "rekolocal", "local"}),
        ("kiosk", {"recognizeme", "rekolocal", "local", *FUNCTIONS}),
        ("rekolocal", {"recognizeme", "kiosk", "local", *FUNCTIONS}),
    ],
)
def test_the_three_houses_share_http_and_json_only(folder: str, forbidden: set[str]) -> None:
    guilty = {name(path): top_level(path) & forbidden for path in sources(folder)}

    assert {path: names for path, names in guilty.items() if names} == {}


def test_only_handlers_and_what_they_share_know_powertools() -> None:
    knowing = {
        path.parent.name for path in sources("functions") if "aws_lambda_powertools" in top_level(path)
    }

    assert knowing <= FUNCTIONS | {"entry"}


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_function_imports_no_other_functions_folder(function: str) -> None:
    for path in sources(f"functions/{function}"):
        assert not top_level(path) & (FUNCTIONS - {function})


def test_nothing_is_read_from_the_environment_but_in_wiring() -> None:
    readers = {name(path) for path in sources("functions") if "os" in top_level(path)}

    assert readers == {"functions/recognizeme/wiring.py"}
