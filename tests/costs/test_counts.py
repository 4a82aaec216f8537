"""Counts do not depend on how a run is cut into pieces, and what they hold does not grow with it."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.conformance import generate
from neurodeploy.costs.of_network import network_costs
from neurodeploy.costs.of_program import program_costs
from neurodeploy.parity import plan
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.cli.support import call, small_network


def in_pieces(monkeypatch: pytest.MonkeyPatch, block: int = 512) -> None:
    monkeypatch.setattr(plan, "WHOLE", 0)
    monkeypatch.setattr(plan, "BLOCK", block)


def test_a_program_in_pieces_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a delay that reaches from one piece into the next, and over the end."""
    drawn = generate(2, "held", samples=3)
    assert max(projection.delay for projection in drawn.program.projections) > 1
    whole = program_costs(drawn.program, drawn.stimulus)
    in_pieces(monkeypatch)
    assert program_costs(drawn.program, drawn.stimulus) == whole
    assert sum(connection.effective_acs for connection in whole.connections) > 0


def test_a_network_in_pieces_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small_network()
    stimulus = Stimulus({"input": (np.random.default_rng(0).random((2, 40, 3)) < 0.4).astype(float)})
    whole = network_costs(network, stimulus)
    in_pieces(monkeypatch)
    assert network_costs(network, stimulus) == whole


def test_operations_are_counted_one_by_one() -> None:
    """Every message that is not 0 and every weight that is not 0 which it meets before the run ends."""
    drawn = generate(5, "held")
    trace = run_program(drawn.program, drawn.stimulus)
    costs = program_costs(drawn.program, drawn.stimulus)
    for projection, counted in zip(drawn.program.projections, costs.connections, strict=True):
        if projection.kind not in ("dense", "sparse"):
            continue
        sent = trace[projection.source].output[0].reshape(trace.steps, -1)
        meets = sum(
            int(np.count_nonzero(projection.weights[:, neuron]))
            for t in range(trace.steps - projection.delay)
            for neuron in np.flatnonzero(sent[t])
        )
        assert counted.effective_acs + counted.effective_macs == meets
        assert counted.dense == trace.steps * projection.weights.size


def test_what_is_held_does_not_grow_with_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    in_pieces(monkeypatch, 1 << 12)
    program = generate(1, "held").program

    def peak(steps: int) -> int:
        rng = np.random.default_rng(0)
        inputs: dict[str, Any] = {
            node.name: rng.integers(0, 2, (1, steps, *node.shape)).astype(np.int8) for node in program.inputs
        }
        stimulus = Stimulus(inputs)
        program_costs(program, stimulus.first(1))
        tracemalloc.start()
        program_costs(program, stimulus)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(4000) < 1.5 * peak(400)


def test_the_command_prints_the_same_as_the_value(tmp_path: Any) -> None:
    bundle = nd.export(small_network(), "fixed", tmp_path / "b")
    told = call("cost", bundle.path, "--steps", 20, "--json", "--no-measure", "--no-estimate").data
    report = nd.cost(bundle, steps=20, measure=False, estimate=False)
    assert told["counts"] == report.to_json()["counts"]
    assert told["measured"] == []
    assert report["program"].footprint < report["network"].footprint
    table = call("cost", bundle.path, "--steps", 20, "--no-estimate").out
    assert "engine, one step" in table and "effective ACs" in table


def test_an_empty_population_of_numbers_is_no_division_by_zero() -> None:
    costs = program_costs(generate(0, "stock").program, generate(0, "stock").stimulus)
    bare = replace(costs, connections=(), populations=())
    assert (bare.connection_sparsity, bare.activation_sparsity, bare.footprint) == (0, 0, 0)
