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
FUNCTIONS = {"recognition", "door", "enrollment", "query", "notification", "rehearsal"}
DOMAIN = ROOT / "functions" / "recognizeme"
STANDARD_LIBRARY = set(sys.stdlib_module_names)

# The rooms of each house, the lowest first: a room imports from rooms before it, never from one after it.
ROOMS = {
    "functions/recognizeme": ["domain", "usecases", "entry", "adapters", "settings", "wiring"],
    "kiosk": [
        *("client", "vision", "delivery", "visits", "actions", "monitoring", "web", "evaluation"),
        *("commands", "cli", "__main__"),
    ],
    "rekolocal": [
        *("errors", "engine", "state", "similarity", "index", "pages", "pictures", "shapes", "attributes"),
        *("service", "operations", "protocol", "signature", "access", "faults", "request_body", "workers"),
        *("app", "server", "testing", "pytest_plugin", "cli"),
    ],
    "local": [
        *("errors", "data_folder", "adapters", "runtime", "jobs", "gateway", "wiring", "worker"),
        *("retention", "kiosk_watch", "backup", "reindex", "stack", "demo", "evaluation", "cli"),
    ],
}


def outside(path: Path) -> set[str]:
    """What the file imports beyond the standard library."""
    return top_level(path) - STANDARD_LIBRARY


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path, house: Path) -> str:
    """The room of a house that a file is in: a folder or a module at the house's top."""
    return path.relative_to(house).with_suffix("").parts[0]


def rooms_imported(path: Path, house: Path) -> set[str]:
    """The rooms of the house that the file imports from."""
    return {each.split(".")[1] for each in imported(path) if each.split(".")[0] == house.name}


@pytest.mark.parametrize("house", ROOMS)
def test_no_import_runs_upwards(house: str) -> None:
    order = ROOMS[house]
    upwards = {
        (name(path), other)
        for path in sources(house)
        if (here := room(path, ROOT / house)) != "__init__"
        for other in rooms_imported(path, ROOT / house)
        if order.index(other) > order.index(here)
    }

    assert upwards == set()


@pytest.mark.parametrize("path", sources(*(f"functions/{each}" for each in FUNCTIONS)), ids=name)
def test_a_handler_imports_powertools_and_the_domain_only(path: Path) -> None:
    assert outside(path) <= {"aws_lambda_powertools", "recognizeme"}


@pytest.mark.parametrize("path", sorted((DOMAIN / "domain").rglob("*.py")), ids=name)
def test_the_domain_needs_the_standard_library_only(path: Path) -> None:
    assert outside(path) <= {"recognizeme"}
    assert rooms_imported(path, DOMAIN) <= {"domain"}
    assert not imported(path) & {"os", "os.environ", "os.getenv"}


@pytest.mark.parametrize("path", sorted((DOMAIN / "usecases").rglob("*.py")), ids=name)
def test_a_use_case_knows_no_aws_and_no_environment(path: Path) -> None:
    assert outside(path) <= {"recognizeme"}
    assert rooms_imported(path, DOMAIN) <= {"domain", "usecases"}
    assert not imported(path) & {"os", "os.environ", "os.getenv"}


@pytest.mark.parametrize("path", sorted((DOMAIN / "adapters").rglob("*.py")), ids=name)
def test_an_adapter_imports_the_sdk_and_the_domains_words_only(path: Path) -> None:
    assert outside(path) <= SDK | {"recognizeme", "paho"}
    assert rooms_imported(path, DOMAIN) <= {"adapters", "domain"}


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
