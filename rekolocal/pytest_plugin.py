"""The pytest fixture `rekolocal`. pytest finds it by itself wherever the package is installed.

def test_door(rekolocal):
    rekolocal.client.create_collection(CollectionId="employees")
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rekolocal.testing import LocalRekognition


@pytest.fixture
def rekolocal() -> "Iterator[LocalRekognition]":
    """An empty server for one test."""
    # Every run of pytest imports this module; only a test that asks for the server loads the engine.
    from rekolocal.testing import local_rekognition

    with local_rekognition() as server:
        yield server
