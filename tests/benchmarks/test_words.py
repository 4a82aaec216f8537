"""What is published tells what happened, in one line, and nothing of the computer's folders."""

import pytest

from benchmarks.interleave import Contestant, interleave
from benchmarks.words import command_line, one_line
from neurodeploy.errors import EnvironmentFailureError

CRASH = """a Lava process failed:
Traceback (most recent call last):
  File "/home/somebody/env/lib/python3.10/site-packages/lava/magma/runtime.py", line 62, in start
    self._start()
ValueError: cannot broadcast (3,) to '/tmp/x/weights.npy'
"""


def fails() -> float:
    raise EnvironmentFailureError(CRASH, "loihi-sim", "see the traceback above")


def test_a_failure_is_one_line_without_a_path_or_a_traceback() -> None:
    found = interleave([Contestant("Lava", fails)], 1)["Lava"].missing
    assert found == (
        "EnvironmentFailureError: loihi-sim: a Lava process failed: ValueError: cannot broadcast (3,) to 'weights.npy'"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no such file: /tmp/a b/c", "no such file: a b/c"),
        (
            "/usr/bin/gcc -O3: failed with exit code 1:\nunit.c:3: error",
            "gcc -O3: failed with exit code 1: unit.c:3: error",
        ),
        ("is not installed\n  remedy: run /opt/x/bin/install", "is not installed"),
        ("~/.cache/neurodeploy/engine: read-only", "engine: read-only"),
        ("1/2 of W1/W2, in µs/step", "1/2 of W1/W2, in µs/step"),
        ("", ""),
    ],
)
def test_places_are_named_by_their_last_part(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_long_reason_is_cut() -> None:
    assert len(one_line("x" * 1000)) == 200


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ((), "python -m benchmarks"),
        (("--quick", "-o", "/home/me/results", "--only", "W1"), "python -m benchmarks --quick --only W1"),
        (("--output=/home/me/results", "--rounds", "3"), "python -m benchmarks --rounds 3"),
        (("-oresults",), "python -m benchmarks"),
    ],
)
def test_the_command_is_told_without_where_its_results_went(arguments: tuple[str, ...], shown: str) -> None:
    assert command_line(arguments) == shown
