"""``python -m tests.crossframework.lava_dl.generate``: make the committed ``.net`` files and rasters anew.

lava-dl runs in an environment of its own (``requirements.txt``), made in ``--environment`` where it is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.environments import home
from neurodeploy.atomic import new_folder
from tests.crossframework.lava_dl.committed import ARCHIVE, pack

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
OPTIONS = ("install", "-q", "--no-input", "--no-deps", "--ignore-requires-python", "-r", str(REQUIREMENTS))


def place() -> Path:
    """Where the environment stands: named for what it holds and its Python."""
    content = REQUIREMENTS.read_bytes() + repr(sys.version_info[:2]).encode()
    return home() / f"lava-dl-{hashlib.sha256(content).hexdigest()[:12]}"


def interpreter(folder: Path) -> Path:
    """The Python of the environment, which is made whole or not at all."""
    if not folder.exists():
        with new_folder(folder) as building:
            venv.EnvBuilder(with_pip=True, symlinks=True).create(building)
            subprocess.run([building / "bin" / "python", "-m", "pip", *OPTIONS], check=True)
            for packages in building.glob("lib/python*/site-packages"):
                shutil.rmtree(packages / "tests", ignore_errors=True)  # both wheels bring one, which hides ours
    return folder / "bin" / "python"


def generate(output: Path, folder: Path) -> None:
    """Run the worker and pack what it left."""
    with tempfile.TemporaryDirectory() as left:
        command = [interpreter(folder), "-W", "ignore", HERE / "worker.py", left]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        pack({path.name: path.read_bytes() for path in Path(left).iterdir()}, output)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crossframework.lava_dl.generate", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ARCHIVE, help="where to write (default: in place)")
    parser.add_argument("--environment", type=Path, default=place(), help="lava-dl's environment")
    given = parser.parse_args()
    generate(given.output, given.environment)
    print(f"wrote {given.output} ({given.output.stat().st_size >> 10} KiB)")


if __name__ == "__main__":
    main()
