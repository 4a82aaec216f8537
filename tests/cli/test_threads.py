"""Products of small matrices keep one thread busy, not all, unless someone says otherwise."""

import os
import subprocess
import sys

import pytest

from neurodeploy.cli import THREADS

ASKED = """
import atexit, os, sys
sys.argv = ["neurodeploy", "--version"]
atexit.register(lambda: print({name: os.environ[name] for name in %r if name in os.environ}))
from neurodeploy.cli import main
main()
"""


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, {"OPENBLAS_NUM_THREADS": "1"}), ({"OMP_NUM_THREADS": "2"}, {"OMP_NUM_THREADS": "2"})],
)
def test_numpy_multiplies_on_one_thread_unless_told_otherwise(said: dict[str, str], expected: dict[str, str]) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in THREADS} | said
    ran = subprocess.run(
        [sys.executable, "-c", ASKED % (THREADS,)], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == str(expected)
