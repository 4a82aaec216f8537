"""xylo-sim: trained recurrent networks become Xylo's integers, and xylosim itself does with them what ours do."""

import json
from dataclasses import replace
from itertools import pairwise

import nir
import numpy as np
import pytest
from neurodeploy.targets.xylo_sim import TARGET

from neurodeploy.contract import Terms
from neurodeploy.engine import run_compiled
from neurodeploy.errors import CapabilityError, InputError
from neurodeploy.flow.checking import check
from neurodeploy.flow.exporting import export, lower, lower_program, quantize
from neurodeploy.flow.loading import load
from neurodeploy.flow.running import run
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.parity.compare import differing_cells
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.xylo.environment import interpreter, unavailable
from tests.xylo.nets import net
from tests.xylo.networks import network, stimulus

from .xylo_frameworks import norse_recurrent, rockpool_recurrent, snntorch_recurrent

SHIFT = -1e-3 / np.log(0.75)
"""A time constant that is a shift: of a state that loses a quarter per step."""
simulated = pytest.mark.skipif(unavailable() is not None, reason=unavailable() or "")


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if unavailable() is None:
        interpreter()


def chain(*sizes: int, terms: Terms | None = None, bias: float = 0.0, density: float = 1.0):
    """A chain of layers with currents, whose decays are shifts."""
    rng = np.random.default_rng(sizes)
    build = NetworkBuilder(terms or Terms(method="exponential", reset="subtract", fires_at=">="))
    source = build.input("input", (sizes[0],))
    for number, (count, size) in enumerate(pairwise(sizes)):
        weights = rng.normal(0.2, 0.5, (size, count)) * (rng.random((size, count)) < density)
        weighted = build.linear(f"fc{number}", source, weights, np.full(size, bias))
        source = build.cuba_lif(f"lif{number}", weighted, SHIFT, SHIFT, 1.0)
    build.output("output", source)
    return build.build()


@simulated
@pytest.mark.parametrize("seed", [0, 4, 7])
def test_a_random_recurrent_network_does_there_what_the_engine_does(seed: int) -> None:
    made = network(seed)
    lowered, shown = lower(made, "xylo-sim").artifact, stimulus(made, seed)
    trace, expected = (runner(lowered.program, shown, states=True) for runner in (_simulated(lowered), run_compiled))
    assert not differing_cells(trace, expected)
    assert all(trace[p.name].output.any() for p in lowered.program.populations if p.name != "out")


def _simulated(artifact):
    return lambda _, shown, states: TARGET.run(artifact, shown, states=states)


@simulated
@pytest.mark.parametrize("source", [snntorch_recurrent, norse_recurrent, rockpool_recurrent])
def test_a_recurrent_network_of_a_framework_gets_there(source, tmp_path) -> None:
    made = source(tmp_path)
    shown = Stimulus({made.input_names[0]: np.random.default_rng(3).integers(0, 2, (2, 40, 8)).astype(float)})
    bundle = export(made, "xylo-sim", tmp_path / "bundle")
    trace, expected = run(bundle, shown), run_compiled(bundle.artifact.program, shown)
    assert (trace.meta["rung"], differing_cells(trace, expected)) == ("xylo-sim", {})
    assert all(trace[p.name].output.any() for p in bundle.artifact.program.populations)


@simulated
def test_a_check_tells_the_loss_of_rounding_and_agreement_apart() -> None:
    made = network(0)
    report = check(made, stimulus(made, 0), targets=["xylo-sim"])
    assert [(rung.target, rung.verdict) for rung in report.rungs][-1] == ("xylo-sim", "agree")
    assert {"decay-shift"} <= {finding.slug for finding in report.findings}


@simulated
def test_a_damaged_weight_diverges_at_its_layer(tmp_path) -> None:
    made = chain(8, 12, 4)
    artifact, shown = lower(made, "xylo-sim").artifact, Stimulus({"input": np.ones((1, 20, 8))})
    about = json.loads(artifact.files["xylo.json"])
    about["synapses"]["out"][3][0][1] += 40
    damaged = replace(artifact, files={"xylo.json": json.dumps(about).encode()})
    cells = differing_cells(TARGET.run(damaged, shown), run_program(artifact.program, shown))
    assert set(cells) == {"lif1.output"}
    with pytest.raises(InputError, match=r"xylo\.json is missing or damaged"):
        TARGET.run(replace(artifact, files={"xylo.json": b"{}"}), shown)


@simulated
def test_a_layer_that_acts_late_starts_in_what_its_bias_leaves() -> None:
    made = chain(4, 6, 6, 3, bias=0.05)
    artifact = lower(made, "xylo-sim").artifact
    starts = [np.asarray(p.initial_membrane).any() for p in artifact.program.populations]
    assert starts == [False, True, True]
    assert artifact.notes[1:] == ("lif1 acts 1 step(s) late", "lif2 acts 2 step(s) late")
    shown = Stimulus({"input": np.random.default_rng(0).integers(0, 2, (2, 30, 4)).astype(float)})
    assert not differing_cells(TARGET.run(artifact, shown, states=True), run_compiled(artifact.program, shown, True))


def test_decays_that_are_shifts_lose_nothing_and_others_say_what() -> None:
    made = chain(6, 10, 4, terms=Terms(method="exponential", reset="subtract", fires_at=">=", max_spikes_per_step=31))
    exact = quantize(made, "xylo-v2")
    assert {finding.slug for finding in exact.findings} == {"spikes-per-step"}
    assert [(n.current_decay_error, n.membrane_decay_error) for n in exact.neurons] == [(0, 0), (0, 0)]
    shown = Stimulus({"input": np.random.default_rng(1).integers(0, 2, (4, 60, 6)).astype(float)})
    expected, came = (trace["lif0"].output for trace in (run_network(made, shown), run_program(exact.program, shown)))
    assert np.mean(expected != came) < 0.1 < 0.25 < np.mean(expected > 0)
    build = NetworkBuilder(Terms(method="exponential", reset="subtract", fires_at=">="))
    lif = build.lif("lif", build.linear("fc", build.input("input", (2,)), np.eye(2)), 9e-3, 1.0)
    build.output("output", lif)
    told = [f for f in quantize(build.build(), "xylo-v2").findings if f.slug == "decay-shift"]
    assert ["lasts 2 steps, not 1" in told[0].message, "lasts 8 steps, not 9.51" in told[1].message] == [True, True]
    assert [finding.severity for finding in told] == ["warning", "warning"]


def test_what_a_contract_has_otherwise_is_told() -> None:
    terms = Terms(method="exponential", reset="zero", fires_at=">")
    slugs = [(f.node, f.slug) for f in quantize(chain(4, 5, 3, terms=terms), "xylo-v2").findings]
    assert {(name, "reset-by-subtraction") for name in ("lif0", "lif1")} < set(slugs)
    assert {("lif0", "comparison"), ("lif1", "comparison"), ("lif0", "spikes-per-step")} < set(slugs)
    late = replace(terms, reset="subtract", reset_timing="next-step")
    assert ("lif0", "late-reset") in {
        (f.node, f.slug) for f in quantize(chain(4, 5, 3, terms=late), "xylo-v2").findings
    }


def test_a_program_of_windows_for_other_numerics_is_refused_and_not_unrolled() -> None:
    build = NetworkBuilder(Terms(method="exponential", reset="subtract", fires_at=">="))
    at = build.input("input", (1, 4, 4))
    for name in ("a", "b"):
        at = build.lif(f"lif_{name}", build.conv(f"conv_{name}", at, np.ones((1, 1, 3, 3)) / 4, padding=1), SHIFT, 1.0)
    build.output("output", at)
    with pytest.raises(CapabilityError) as refused:
        lower_program(quantize(build.build()).program, TARGET)
    assert {"numerics", "size"} <= {finding.slug for finding in refused.value.findings}


def test_every_violation_of_the_layout_comes_at_once_and_the_remedies_work() -> None:
    with pytest.raises(CapabilityError) as refused:
        lower(chain(20, 70, 80, 12), "xylo-sim")
    found = {(finding.slug, finding.node): finding.message for finding in refused.value.findings}
    assert found[("size", "program")] == "12 output neurons, the limit is 8"
    assert found[("fan-out", "lif0")] == "a neuron has 80 synapses to hidden neurons, the limit is 64"
    messages = [finding.message for finding in refused.value.findings]
    assert "20 input channels, the limit is 16" in messages
    assert all(finding.remedy for finding in refused.value.findings)
    assert lower(chain(16, 70, 80, 8, density=0.5), "xylo-sim").artifact.files
    with pytest.raises(CapabilityError, match="1001 hidden neurons, the limit is 1000"):
        lower(chain(2, 1001, 4, density=0.1), "xylo-sim")


def test_synapses_are_counted_among_hidden_neurons_alone() -> None:
    """Weights of inputs and outputs stand in tables that hold all of them."""
    wide = lower(chain(16, 60, 8), "xylo-sim")
    assert not {"fan-out", "fan-in"} & {finding.slug for finding in wide.findings}
    heard = [f for f in lower(chain(2, 20, 10, 2), "xylo-sim").findings if f.slug == "fan-in"]
    assert [(f.node, f.severity) for f in heard] == [("lif1", "info")] and "hears 20 hidden neurons" in heard[0].message
    with pytest.raises(CapabilityError, match="synapses between hidden neurons, the limit is 32,000"):
        lower(chain(2, *[56] * 12, 2), "xylo-sim")


def test_what_the_arithmetic_cannot_hold_is_refused_together() -> None:
    build = NetworkBuilder(Terms(reset="none"))
    lif = build.lif("lif", build.linear("fc", build.input("input", (2,)), np.eye(2)), 9e-3, 1.0)
    build.output("output", build.neuron("li", lif, nir.LI, {"tau": 5e-3, "r": 1.0, "v_leak": 0.0}))
    with pytest.raises(CapabilityError) as refused:
        lower(build.build(), "xylo-sim")
    assert {finding.node for finding in refused.value.findings} == {"lif", "li"}


def test_skips_and_fewer_spikes_are_refused_with_what_to_do() -> None:
    build = NetworkBuilder(Terms(method="exponential", reset="subtract", fires_at=">="))
    source = build.input("input", (4,))
    first = build.cuba_lif("first", build.linear("a", source, np.eye(4)), SHIFT, SHIFT, 1.0)
    second = build.cuba_lif("second", build.linear("b", first, np.eye(4)), SHIFT, SHIFT, 1.0)
    both = [build.linear("c", first, np.eye(4)), build.linear("d", second, np.eye(4))]
    build.output("output", build.cuba_lif("third", both, SHIFT, SHIFT, 1.0))
    with pytest.raises(CapabilityError, match="paths of different length meet") as refused:
        lower(build.build(), "xylo-sim", {"spikes-per-step": "7"})
    assert "hidden neuron sends up to 31" in str(refused.value)


def test_integers_made_for_it_are_taken_as_they_are() -> None:
    made = net(1)
    assert lower_program(made.program, TARGET).program is made.program


def test_a_file_is_read_back_as_it_was_exported(tmp_path) -> None:
    made = chain(4, 6, 3)
    write_network(made, tmp_path / "net.nir")
    again = lower(load(tmp_path / "net.nir"), "xylo-sim").artifact
    assert again.files == lower(made, "xylo-sim").artifact.files
