"""Runs of which the sum over their steps is kept: the same numbers as of a run that is held whole."""

from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import InputError
from neurodeploy.host import Head, Host
from neurodeploy.stimuli import blocks
from neurodeploy.trace import Trace

STEPS = 2 * blocks.STEPS + 10
SHOWN = {"input": (np.random.default_rng(4).random((2, STEPS, 3)) < 0.3) * 2.0}


@pytest.fixture(scope="module")
def network() -> nd.Network:
    """A leaky layer, which remembers, and an output that counts."""
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    lines = build.input("input", (3,), nd.InputRange(0.0, 1.0, 1.0))
    hidden = build.lif("hidden", build.linear("fc1", lines, np.full((4, 3), 0.5)), 8e-3, 1.0, 8.0)
    build.output("output", build.integrate("out", build.linear("fc2", hidden, np.eye(2, 4)), 2.0, reset="subtract"))
    return build.build(Host(Head("spike-count-argmax", "out")))


@pytest.mark.parametrize("rung", ["network", "program", "fixed"])
def test_sums_heads_and_findings_are_those_of_the_whole_run(rung: str, network: nd.Network, tmp_path: Path) -> None:
    whole = nd.run(network, SHOWN, on=rung, batch=True, head="spike-count-argmax")
    summed = nd.run(network, SHOWN, on=rung, batch=True, head="spike-count-argmax", sums=True, out=tmp_path / "t.npz")
    assert whole["out"].output.any(1).all()
    for name, entry in whole.entries.items():
        np.testing.assert_array_equal(summed[name].values, entry.values.sum(1, keepdims=True))
    assert whole.task is not None and summed.task is not None
    assert summed.task.plain == whole.task.plain
    assert summed.findings == whole.findings != ()
    assert (summed.meta["rung"], summed.meta["summed"], summed.steps) == (rung, STEPS, 1)
    read = Trace.load(tmp_path / "t.npz")
    assert read.meta["summed"] == STEPS
    np.testing.assert_array_equal(read["hidden"].output, summed["hidden"].output)


def test_of_a_stimulus_that_is_made_or_cut_too(network: nd.Network) -> None:
    for steps in (5, blocks.STEPS + 1):
        whole = nd.run(network, SHOWN, batch=True, steps=steps, samples=1)
        summed = nd.run(network, SHOWN, batch=True, steps=steps, samples=1, sums=True)
        assert summed["out"].output.sum() == whole["out"].output.sum()
        made = nd.run(network, steps=steps, seed=3, sums=True)
        assert made["input"].output.sum() == nd.run(network, steps=steps, seed=3)["input"].output.sum()


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"on": "c"}, "the rung c runs a stimulus whole"),
        ({"on": "source"}, "the rung source runs a stimulus whole"),
        ({"states": True}, "needs every step"),
        ({"operations": True, "on": "program"}, "needs every step"),
    ],
)
def test_what_needs_every_step_is_refused(asked: dict[str, object], problem: str, network: nd.Network) -> None:
    with pytest.raises(InputError, match=problem):
        nd.run(network, steps=3, sums=True, **asked)
