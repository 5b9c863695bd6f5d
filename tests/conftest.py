"""Sockets are off in every test but those marked `integration`, which may talk to this machine only."""

import os

import pytest
from hypothesis import settings

# A test is never a race: what is slow on a busy machine is not wrong. Speed is measured in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Powertools reads these when a handler's module is imported, whichever test does that first.
os.environ["POWERTOOLS_SERVICE_NAME"] = os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("integration"):
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1", "localhost"]))
            item.add_marker(pytest.mark.enable_socket)
