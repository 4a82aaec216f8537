"""The reference networks through the compiled engine: every node and state as the reference has it."""

from typing import Any

import pytest

from neurodeploy.conformance import differing_cells
from neurodeploy.engine import run_compiled
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.flow import lower
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.model import find_model
from neurodeploy.reference.program_runner import run_program

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")


@pytest.mark.parametrize(
    ("name", "preset", "steps", "samples", "options"),
    [
        ("digits", None, None, 60, {}),
        ("digits", None, None, 20, {"numerics": "int32"}),
        ("spikeseg", "igarss2023-64-random", 20, 1, {}),
        ("spikeseg", "stars-random", 20, 2, {}),
        ("spikingrx", "stateful-random", 12, 2, {}),
        ("spikingrx", "stateful-random", 6, 1, {"numerics": "int32"}),
    ],
)
def test_a_reference_network(name: str, preset: str | None, steps: int, samples: int, options: dict[str, Any]) -> None:
    model = find_model(name)
    config = model.preset(preset)
    program = lower(model_network(model, config, model.build(config)), "fixed", options).artifact.program
    stimulus = {"input": model.stimulus(config, steps, samples, 0)["input"]}
    expected = run_program(program, stimulus, states=True)
    actual = run_compiled(program, stimulus, states=True)
    assert actual.meta["engine"] == "compiled"
    assert not differing_cells(expected, actual)
    assert all(expected[each.name].output.any() for each in program.populations)
