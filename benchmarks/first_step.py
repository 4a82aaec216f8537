"""A start in a fresh process: from a program in a folder to its first step, timed; one JSON object on stdout."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.calibration import bernoulli
from benchmarks.engine import prepare
from benchmarks.loading import as_shipped, compiler, render_text
from neurodeploy.program.store import read_program


def main(folder: Path) -> None:
    """Print seconds: ``ready`` until the program is loaded, ``first`` of its first step, ``text`` of rendering it."""
    program = read_program({name: (folder / name).read_bytes() for name in ("program.json", "program.npz")})
    stimulus = bernoulli(program, 1, 0.02)
    compiler()
    start = time.perf_counter()
    compiled = as_shipped(program)
    loaded = time.perf_counter()
    prepare(compiled, stimulus).run()
    done = time.perf_counter()
    render_text(program)
    text = time.perf_counter() - done
    print(json.dumps({"ready": loaded - start, "first": done - loaded, "text": text}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
