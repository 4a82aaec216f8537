"""One weight of the lowered artifact changed by one representable step is found, at the right node, step and neuron."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.bundle import Bundle, read_bundle, renew_digests
from neurodeploy.errors import InputError
from neurodeploy.flow import check, export
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.model import find_model
from neurodeploy.program import Input, Program
from neurodeploy.program.store import npz_bytes, read_npz
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace

from .lava import lava

__all__ = ["lava"]
LAYER, NODE, STEP = "fc2", "lif4", 2
Index = tuple[int, int]


@pytest.fixture(scope="module")
def stimulus() -> dict[str, Any]:
    model = find_model("digits")
    return {"input": model.stimulus(model.preset(None), None, 4, 3)["input"]}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model, path = find_model("digits"), tmp_path_factory.mktemp("exported") / "digits.loihi-sim"
    config = model.preset(None)
    return export(model_network(model, config, model.build(config)), "loihi-sim", path).path


@pytest.fixture
def bundle(exported: Path, tmp_path: Path, lava: None) -> Bundle:
    """A copy to plant something in."""
    return read_bundle(Path(shutil.copytree(exported, tmp_path / exported.name)))


ONCE: dict[str, Any] = {"twice": False, "causes": False, "adequacy": False, "trust_sources": True}
"""Lava takes seconds to start: no run more than what these tests are about."""


def with_weight(program: Program, index: Index, change: int) -> Program:
    """The program with one weight of ``LAYER`` changed."""
    changed = []
    for projection in program.projections:
        weights = projection.weights.copy()
        if projection.name == LAYER:
            weights[index] += change
        changed.append(replace(projection, weights=weights))
    return replace(program, projections=tuple(changed))


def plant(bundle: Bundle, index: Index, change: int) -> None:
    """Change that weight in the files Lava loads, and nothing else."""
    folder = bundle.path / "target"
    synapses = json.loads((folder / "network.json").read_text())["synapses"]
    entry = next(each for each in synapses if each["name"] == LAYER)["arrays"]["weights"]
    arrays = read_npz((folder / "weights.npz").read_bytes())
    arrays[entry][index] += change
    (folder / "weights.npz").write_bytes(npz_bytes(arrays))


def candidates(program: Program, healthy: Trace) -> Iterator[tuple[Index, int]]:
    """Synapses of ``LAYER`` that carried a spike, and a step of their weight that stays on the grid."""
    weights = next(p.weights for p in program.projections if p.name == LAYER)
    active = np.flatnonzero(healthy["lif3"].output.any(axis=(0, 1)))
    for target in range(weights.shape[0]):
        for source in active:
            yield (target, int(source)), STEP if weights[target, source] <= 0 else -STEP


def first_change(a: Trace, b: Trace) -> tuple[int, int, int] | None:
    """(step, sample, neuron) of the first changed spike of ``NODE``."""
    changed = np.moveaxis(a[NODE].output != b[NODE].output, 1, 0)
    return None if not changed.any() else tuple(int(i) for i in np.argwhere(changed)[0])  # type: ignore[return-value]


def last_layer(program: Program, healthy: Trace) -> tuple[Program, dict[str, Any]]:
    """The last layer alone, and what reaches it: hundreds of changes are tried there."""
    source = next(p.source for p in program.projections if p.name == LAYER)
    alone = replace(
        program,
        inputs=(Input(source, program.node(source).shape),),
        populations=(program.by_name[NODE],),
        projections=tuple(p for p in program.projections if p.name == LAYER),
        outputs=(),
    )
    return alone, {source: healthy[source].output}


def search(program: Program, stimulus: dict[str, Any], spikes: bool) -> tuple[Index, int, Trace, Trace]:
    """A planted change that does (or does not) change a spike, but always a membrane, by the reference."""
    healthy = run_program(program, stimulus, states=True)
    alone, arriving = last_layer(program, healthy)
    for index, change in candidates(program, healthy):
        sick = run_program(with_weight(alone, index, change), arriving, states=True)
        membranes = not np.array_equal(healthy[NODE].v, sick[NODE].v)
        if membranes and (first_change(healthy, sick) is not None) == spikes:
            return index, change, healthy, run_program(with_weight(program, index, change), stimulus, states=True)
    pytest.fail("no such synapse: choose another stimulus")


def test_a_changed_spike_is_found_where_the_reference_predicts_it(bundle: Bundle, stimulus: dict[str, Any]) -> None:
    index, change, healthy, sick = search(bundle.program, stimulus, spikes=True)
    plant(bundle, index, change)
    renew_digests(bundle.path)
    report = check(read_bundle(bundle.path), stimulus, states=False, **ONCE)
    rung = report.rungs[-1]
    step, sample, neuron = first_change(healthy, sick) or (-1, -1, -1)
    assert report.verdict == "diverged"
    assert rung.first_divergence is not None
    found = rung.first_divergence
    assert (found.node, found.step, found.sample, found.neuron) == (NODE, step, sample, (neuron,))
    assert index[0] == neuron
    assert {name for name, node in rung.nodes.items() if node.mismatches} == {NODE}
    assert found.margin_lsb is not None
    assert found.expected_membrane == found.actual_membrane


def test_a_changed_membrane_is_found_when_states_are_recorded(bundle: Bundle, stimulus: dict[str, Any]) -> None:
    index, change, healthy, sick = search(bundle.program, stimulus, spikes=False)
    plant(bundle, index, change)
    renew_digests(bundle.path)
    sick_bundle = read_bundle(bundle.path)
    report = check(sick_bundle, stimulus, states=True, **ONCE)
    first = report.rungs[-1].first_divergence
    assert report.verdict == "diverged"
    assert first is not None
    differs = np.moveaxis((healthy[NODE].v != sick[NODE].v) | (healthy[NODE].u != sick[NODE].u), 1, 0)  # type: ignore[operator]
    step, sample, neuron = (int(i) for i in np.argwhere(differs)[0])
    assert (first.node, first.quantity, first.step, first.sample, first.neuron) == (
        NODE,
        "membrane",
        step,
        sample,
        (neuron,),
    )
    assert check(sick_bundle, stimulus, states=False, **ONCE).verdict == "agree"


def test_without_renewed_digests_the_bundle_is_refused_by_name(bundle: Bundle) -> None:
    plant(bundle, (0, 0), STEP)
    with pytest.raises(InputError, match=r"weights\.npz"):
        read_bundle(bundle.path)


def test_a_silent_network_proves_nothing(bundle: Bundle) -> None:
    report = check(bundle, {"input": np.zeros((2, 8, 1, 8, 8))}, **ONCE)
    assert report.verdict == "inconclusive"
