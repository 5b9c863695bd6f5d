"""The fixture is there without an import, and costs nothing until a test asks for it."""

import subprocess
import sys
from importlib.metadata import entry_points


def test_pytest_finds_the_fixture_by_its_entry_point() -> None:
    (plugin,) = entry_points(group="pytest11", name="rekolocal")

    assert plugin.value == "rekolocal.pytest_plugin"


def test_a_run_of_pytest_that_needs_no_server_loads_no_engine() -> None:
    script = "import sys, rekolocal.pytest_plugin as _; print({'boto3', 'cv2', 'numpy'} & set(sys.modules))"

    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"set()\n"
    )
