"""Two real people, public domain, inside packages that are installed anyway."""

from importlib.util import find_spec
from pathlib import Path


def _inside(package: str, path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / path


ASTRONAUT = _inside("skimage", "data/astronaut.png")
HOPPER = _inside("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
