"""How much disk each distribution takes, installed alone with the locked versions.

    .venv/bin/python -m benchmarks.installed_size

As uv installs it, without bytecode; pip and pipx compile all of it at once, which is measured beside it.
"""

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Row, publish

ROOT = Path(__file__).parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
MOST_MB = {"rekolocal": 450, "recognizeme-kiosk": 300, "recognizeme-kiosk[web]": None, "recognizeme": 520}


def size_mb(folder: Path) -> float:
    """What the files below a folder take on disk, in MB of 1024 x 1024 bytes as `du -m` counts."""
    return sum(path.lstat().st_blocks for path in folder.rglob("*")) * 512 / 2**20


def uv(*arguments: str, folder: Path) -> None:
    """Run uv in a folder, outside any environment."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    subprocess.run([UV, *arguments], cwd=folder, env=environment, check=True)


def main() -> None:
    """Measure and publish."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = ("--all-packages", "--no-build-isolation", "--python", sys.executable, "--out-dir", name)
        uv("build", "--quiet", *built, folder=ROOT)
        for distribution, most_mb in MOST_MB.items():
            environment = folder / distribution
            uv("venv", "--quiet", "--python", sys.executable, str(environment), folder=folder)
            uv(
                *("pip", "install", "--quiet", "--python", str(environment / "bin" / "python")),
                *("--find-links", name, "--constraints", str(ROOT / "requirements" / "dev.txt")),
                distribution,
                folder=folder,
            )
            installed_mb = size_mb(environment)
            compileall.compile_dir(environment / "lib", maxlevels=20, quiet=2)
            rows.append(
                Row(
                    f"{distribution.replace('[', ' with ').rstrip(']')} (and with all its bytecode)",
                    f"{installed_mb:.0f} MB ({size_mb(environment):.0f} MB)",
                    f"{most_mb} MB" if most_mb else "",
                    f"{installed_mb / most_mb:.2f}" if most_mb else "",
                    "<= 1.00" if most_mb else "",
                    installed_mb <= most_mb if most_mb else None,
                )
            )
    publish("installed_size", rows)


if __name__ == "__main__":
    main()
