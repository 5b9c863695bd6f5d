"""Artifacts are built once a run; services and running functions are shared by the tests of a module."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cloud.emulator import Emulator, build, emulated, find_emulator
from tests.cloud.stand_ins import StandIns, stand_ins
from tests.cloud.template import EVERY_FUNCTION, FUNCTIONS, function


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The built artifact of each function."""
    folder = tmp_path_factory.mktemp("artifacts")
    return {name: build(name, folder / name) for name in EVERY_FUNCTION}


@pytest.fixture(scope="module")
def services() -> Iterator[StandIns]:
    with stand_ins() as services:
        yield services


@pytest.fixture(scope="module")
def functions(
    artifacts: dict[str, Path], services: StandIns, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Emulator]]:
    """The four functions, each behind its own emulator."""
    if find_emulator() is None:
        reason = "the Lambda emulator comes with .venv-sam, on Linux: make .venv-sam/.installed"
        if os.environ.get("REQUIRE_EMULATOR"):
            pytest.fail(reason)
        pytest.skip(reason)
    logs = tmp_path_factory.mktemp("logs")
    with ExitStack() as running:
        yield {
            name: running.enter_context(
                emulated(
                    artifacts[name],
                    function(name)["Handler"],
                    services.environment(name),
                    log=logs / f"{name}.log",
                )
            )
            for name in FUNCTIONS
        }
