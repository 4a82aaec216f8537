"""What each exporter writes, read under its profile, is what the producer itself does, cell by cell."""

from dataclasses import replace

import nir
import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.flow import load
from neurodeploy.frontends.nir_file import load_raw
from neurodeploy.network.raw import raw_of
from neurodeploy.profiles import PROFILES, ranked
from neurodeploy.profiles.decays import factor_for, recover, tau_for
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.neuron import coefficients
from tests.profiles.producers import PRODUCERS, graph_of, native, weights

STEPS, SAMPLES = 120, 2


def stimulus(seed):
    return (np.random.default_rng(seed + 100).random((SAMPLES, STEPS, 12)) < 0.4).astype(float)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", PRODUCERS)
def test_a_file_under_its_profile_is_the_producer_itself(name, seed):
    producer, layers, x = PRODUCERS[name], weights(seed), stimulus(seed)
    network = load_raw(raw_of(graph_of(producer, layers)), "file", profile=producer.profile)
    trace = run_network(network, {"input": x})
    for node, expected in zip(("1", "3"), native(producer, layers, x), strict=True):
        sent = trace[node].output[:, : STEPS - producer.late]
        assert np.array_equal(sent, expected[:, producer.late :]), node
        assert expected.sum() > 20


ALIKE = ("slayer", "nir", "sinabs-iaf", "spyx-if")
OWN = [name for name in PRODUCERS if name not in ALIKE]
"""lava-dl writes no NIR, NIR is not a producer; an IF with r = 1 is what Norse, sinabs and spyx write alike."""


@pytest.mark.parametrize("name", OWN)
def test_a_file_speaks_for_its_own_producer(name):
    raw = raw_of(graph_of(PRODUCERS[name], weights(0)))
    best, *others = ranked(raw)
    assert best.profile == PRODUCERS[name].profile.partition(",")[0]
    assert best.reasons and best.score > others[0].score
    assert ranked(raw)[-1].profile == "nir"


def test_every_profile_is_tried_here():
    assert {each.profile.partition(",")[0] for each in PRODUCERS.values()} == set(PROFILES)


def test_a_different_profile_gives_different_spikes():
    producer, layers, x = PRODUCERS["snn-subtract"], weights(0), stimulus(0)
    expected = native(producer, layers, x)[1]
    for profile in ("norse-1.1", "spikingjelly-2.0", "sinabs-3.1", "nir,dt=1e-4"):
        network = load_raw(raw_of(graph_of(producer, layers)), "file", profile=profile)
        assert not np.array_equal(run_network(network, {"input": x})["3"].output, expected)


def test_options_change_defaults_and_single_nodes():
    raw = raw_of(graph_of(PRODUCERS["sinabs-lif"], weights(0)))
    network = load_raw(raw, "file", profile="sinabs-3.1,reset=zero,max_spikes_per_step=1,3.fires_at=>,dt=0.002")
    terms = Terms(2e-3, "exponential", "zero", fires_at=">=")
    assert network.contract.of("1") == terms
    assert network.contract.of("3").fires_at == ">"
    assert network.nodes["1"].tau[0] == pytest.approx(8 * 2e-3, rel=1e-6), "a step is as long as it is said to be"


def test_what_was_assumed_is_told_unless_it_was_said():
    raw = raw_of(graph_of(PRODUCERS["snn-subtract"], weights(0)))
    told = {each.slug for each in load_raw(raw, "file", profile="snntorch-1.0").findings}
    assert told == {"snntorch-assumes-reset", "snntorch-assumes-reset-timing"}
    said = {each.slug for each in load_raw(raw, "file", profile="snntorch-1.0,reset=subtract").findings}
    assert said == {"snntorch-assumes-reset-timing"}


def test_a_reset_that_no_contract_says_is_refused_by_name():
    raw = raw_of(graph_of(PRODUCERS["snn-synaptic"], weights(0)))
    with pytest.raises(RefusedError, match="drops the input") as error:
        load_raw(raw, "file", profile="snntorch-1.0,reset=zero")
    assert error.value.where == "node 1"


def test_a_reset_in_the_step_of_the_spike_drops_no_input():
    raw = raw_of(graph_of(PRODUCERS["snn-synaptic"], weights(0)))
    assert (
        load_raw(raw, "file", profile="snntorch-1.0,reset=zero,reset_timing=same-step").contract.defaults.reset
        == "zero"
    )
    told = load_raw(raw, "file", profile="snntorch-1.0,reset_timing=same-step").findings
    assert "snntorch-compares-low" in {each.slug for each in told}, "a subtraction does, and that is told"
    said = load_raw(raw, "file", profile="snntorch-1.0,reset_timing=same-step-and-next").findings
    assert "snntorch-compares-low" not in {finding.slug for finding in said}


def test_an_endless_time_constant_is_an_integrator():
    graph = graph_of(PRODUCERS["snn-subtract"], weights(0))
    graph.nodes["1"].tau = graph.nodes["1"].r = np.full(10, np.inf)
    network = load_raw(raw_of(graph), "file", profile="snntorch-1.0")
    assert isinstance(network.nodes["1"], nir.IF)
    assert coefficients(network.nodes["1"], network.contract.of("1")).gain.tolist() == [1.0] * 10
    assert "snntorch-no-leak" in {each.slug for each in network.findings}


def test_an_exp_leak_of_sinabs_takes_its_input_whole():
    graph = graph_of(PRODUCERS["sinabs-lif"], weights(0))
    graph.nodes["3"] = nir.LI(tau=np.full(6, 8.0), r=np.ones(6), v_leak=np.zeros(6))
    contract = load_raw(raw_of(graph), "file", profile="sinabs-3.1").contract
    assert (contract.of("1").input_gain, contract.of("3").input_gain) == ("spec", "unit")


def test_rockpool_leaves_batch_and_time_in_the_output():
    graph = graph_of(PRODUCERS["rockpool-lif"], weights(0))
    graph.nodes["input"] = nir.Input({"input": np.array([1, 12])})
    graph.nodes["output"] = nir.Output({"output": np.array([1, 1, 6])})
    network = load_raw(raw_of(graph), "file", profile="rockpool-3.1")
    assert (network.shapes["input"], network.shapes["output"]) == ((12,), (6,))


LEADS = {
    "batch and time in both": ([1, 60, 12], [1, 60, 6]),
    "a batch of several": ([4, 60, 12], [4, 60, 6]),
    "ones in the output alone": ([12], [1, 1, 6]),
}


@pytest.mark.parametrize("name", LEADS)
def test_rockpool_leaves_batch_and_time_in_any_shape(name):
    entry, leave = LEADS[name]
    plain = graph_of(PRODUCERS["rockpool-lif"], weights(0))
    graph = graph_of(PRODUCERS["rockpool-lif"], weights(0))
    graph.nodes["input"] = nir.Input({"input": np.array(entry)})
    graph.nodes["output"] = nir.Output({"output": np.array(leave)})
    expected, actual = (
        run_network(load_raw(raw_of(each), "file", profile="rockpool-3.1"), {"input": stimulus(0)})["3"].output
        for each in (plain, graph)
    )
    assert expected.any()
    assert np.array_equal(expected, actual)


def test_norse_of_2023_wrote_seconds():
    """The version of nir in the file tells; the repair that later files need is left out, and that is told."""
    graph = graph_of(PRODUCERS["norse-box"], weights(0))
    raw = raw_of(graph)
    later = load_raw(raw, "file", profile="norse-1.1")
    for node in ("1", "3"):
        raw = raw.change(node, tau=graph.nodes[node].tau.astype(np.float64) / 1e-3)
    earlier = load_raw(replace(raw, version="0.2"), "file", profile="norse-1.1")
    slugs = {finding.slug for finding in earlier.findings}
    assert "norse-before-1.1" in slugs
    assert "norse-tau-times-dt" not in slugs
    assert np.allclose(earlier.nodes["1"].tau, later.nodes["1"].tau)


def test_dt_is_read_where_the_file_tells_it():
    for name, dt in (("jelly-if", 1e-4), ("jelly-lif-whole", 1e-3), ("rockpool-lif", 1e-3)):
        producer = PRODUCERS[name]
        network = load_raw(raw_of(graph_of(producer, weights(0))), "file", profile=producer.profile)
        assert network.contract.defaults.dt == pytest.approx(dt, rel=1e-6)


def test_files_of_two_dt_in_rockpool_have_none():
    graph = graph_of(PRODUCERS["rockpool-lif"], weights(0))
    graph.nodes["3"].r = graph.nodes["3"].r * 2
    assert ranked(raw_of(graph))[0].profile != "rockpool-3.1"


def test_a_profile_does_not_touch_a_file_that_says_itself(tmp_path, monkeypatch):
    from neurodeploy.network.file import write_network
    from tests.cli.support import small_network

    monkeypatch.chdir(tmp_path)
    write_network(small_network(), tmp_path / "own.nir")
    with pytest.raises(InputError, match="says itself"):
        load("own.nir", profile="norse-1.1")


def test_the_batch_that_norse_leaves_in_the_input_is_dropped():
    graph = graph_of(PRODUCERS["norse-box"], weights(0))
    graph.nodes["input"] = nir.Input({"input": np.array([1, 12])})
    graph.nodes["output"] = nir.Output({"output": np.array([1, 6])})
    network = load_raw(raw_of(graph), "file", profile="norse-1.1")
    assert (network.shapes["input"], network.shapes["output"]) == ((12,), (6,))
    assert "norse-batch-in-input" in {each.slug for each in network.findings}


def test_norse_s_own_exporter_and_norse_itself():
    import torch
    from norse.torch import LIFBoxCell, LIFBoxParameters, SequentialState
    from norse.torch.utils.export_nir import to_nir

    layers, x = weights(3), stimulus(3)
    linears = [torch.nn.Linear(w.shape[1], w.shape[0]) for w, _ in layers]
    for linear, (w, b) in zip(linears, layers, strict=True):
        linear.weight.data, linear.bias.data = torch.tensor(w), torch.tensor(b)
    numbers = {"tau_mem_inv": 187.5, "v_th": 0.25, "v_leak": 0.125, "v_reset": 0.0}
    cells = [LIFBoxCell(LIFBoxParameters(**{k: torch.full((n,), v) for k, v in numbers.items()})) for n in (10, 6)]
    states, sent = [None, None], [[], []]
    with torch.no_grad():
        for frame in torch.tensor(x, dtype=torch.float32).unbind(1):
            z = frame
            for i, (linear, cell) in enumerate(zip(linears, cells, strict=True)):
                z, states[i] = cell(linear(z), states[i])
                sent[i].append(z.numpy())
        graph = to_nir(SequentialState(linears[0], cells[0], linears[1], cells[1]), torch.zeros(1, 12), dt=1e-3)
    network = load_raw(raw_of(graph), "file", profile="norse-1.1")
    trace = run_network(network, {network.input_names[0]: x})
    for node, expected in zip(network.populations, sent, strict=True):
        assert np.array_equal(trace[node].output, np.stack(expected, 1))


@pytest.mark.parametrize("dt", [1e-3, 1e-4, 1.0])
def test_decays_of_few_bits_are_exact(dt):
    keep = np.array([m / 64 for m in range(64)] + [np.float32(0.9), np.float32(0.3), np.float32(0.999)], np.float64)
    node = nir.LIF(tau_for(keep, Terms(dt=dt)), factor_for(0.25, keep), 0 * keep, 1 + keep)
    found = coefficients(node, Terms(dt=dt))
    assert np.array_equal(found.membrane, keep)
    assert np.abs(found.gain - 0.25).max() <= 2.0**-54
    kept = coefficients(nir.LIF(tau_for(keep, EXACT), 1 + keep, 0 * keep, 1 + keep), EXACT).membrane
    np.testing.assert_allclose(kept, keep, rtol=1e-12)


EXACT = Terms(method="exponential")


def test_the_shortest_number_that_was_written_so_is_recovered():
    factors = np.array([0.75, 0.1875, 0.9, 0.5625], np.float32)
    written = np.float32(1e-4) / (np.float32(1) - factors)
    forward = lambda factor: np.float32(1e-4) / (np.float32(1) - factor)  # noqa: E731
    found = recover(1 - 1e-4 / written.astype(float), forward, written)
    assert found[[0, 1, 3]].tolist() == [0.75, 0.1875, 0.5625]
    assert found[2] == pytest.approx(0.9, rel=1e-6)
