"""``python -m tests.crossframework [--only NAME] [-o DIR]``: make the committed files, rasters and tables anew.

Every framework runs in an environment of its own, made where it is missing. What it cannot export is written down with
the error that it gives.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.environments import make
from tests.crossframework import roundtrip
from tests.crossframework.committed import DATA, digest, manifest, pack, write_manifest
from tests.crossframework.environments import ENVIRONMENTS

WORKERS = Path(__file__).with_name("workers")


def surroundings() -> dict[str, str]:
    """What workers run in. nirtorch orders edges by their hashes; a fixed seed makes the same file every time."""
    return {**os.environ, "PYTHONHASHSEED": "0", "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}


def interpreter(framework: str) -> Path:
    """The framework's Python, made where it is missing."""
    return make(ENVIRONMENTS[framework], print)


def generate(framework: str, folder: Path) -> dict[str, Any]:
    """Run a framework's worker and pack what it left into ``folder``; gives what the manifest says of it."""
    with tempfile.TemporaryDirectory() as place:
        left = Path(place)
        worker = (str(interpreter(framework)), "-W", "ignore", str(WORKERS / f"run_{framework}.py"))
        subprocess.run([*worker, place], env=surroundings(), check=True, stdin=subprocess.DEVNULL)
        told = json.loads((left / "cases.json").read_text(encoding="utf-8"))
        files = {path.name: path.read_bytes() for path in left.iterdir() if path.suffix in (".nir", ".npz")}
    for name, case in told["cases"].items():
        if f"{name}.nir" in files:
            case["digests"] = {each: digest(files[each]) for each in (f"{name}.nir", f"{name}.npz")}
    pack(framework, files, folder)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crossframework", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(ENVIRONMENTS), help="a framework; may be repeated")
    parser.add_argument("-o", "--output", type=Path, default=DATA, help="where to write (default: the committed set)")
    parser.add_argument("--back", action="store_true", help="only the table of our files in the frameworks' importers")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    told = manifest(given.output)
    for framework in [] if given.back else given.only or ENVIRONMENTS:
        told[framework] = generate(framework, given.output)
        write_manifest(told, given.output)
        cases = told[framework]["cases"].values()
        refused = sum("error" in case for case in cases)
        print(
            f"{framework}: {len(cases) - refused} files with rasters, {refused} nets that its exporter does not write"
        )
    if given.back or not given.only:
        (given.output / roundtrip.TABLE).write_text(roundtrip.measure(interpreter, surroundings()), encoding="utf-8")


if __name__ == "__main__":
    main()
