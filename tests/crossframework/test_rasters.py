"""What a framework's own exporter wrote, read under its profile, gives the spikes that the framework itself gave.

Cases come from ``python -m tests.crossframework``: made, exported and run in the frameworks' own environments.
"""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.frontends.nir_file import load_nir
from neurodeploy.network.shapes import SPIKING
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.neuron import threshold_of
from tests.crossframework.committed import cases, members, records
from tests.crossframework.compare import source_trace, stimulus_of

CASES = {case.label: case for case in cases()}
EXACT = [label for label, case in CASES.items() if case.exactness == "exact"]
TIES = [label for label, case in CASES.items() if case.exactness == "ties"]


def load(case, folder, profile=None):
    path = folder / "file.nir"
    path.write_bytes(members(case.framework)[f"{case.name}.nir"])
    return load_nir(path, profile=profile or case.profile)


@pytest.mark.parametrize("label", EXACT)
def test_of_dyadic_numbers_every_spike_is_the_framework_s(label, tmp_path):
    case = CASES[label]
    network, (x, expected) = load(case, tmp_path), records(case)
    trace = run_network(network, stimulus_of(network, x))
    for node, record in zip(network.populations, expected, strict=True):
        steps = record.shape[1] - case.late
        assert np.array_equal(trace[node].output[:, :steps], record[:, case.late :]), node
        assert record.sum() > 20, "a silent layer shows nothing"


@pytest.mark.parametrize("label", TIES)
def test_of_other_numbers_every_spike_but_ties(label, tmp_path):
    case = CASES[label]
    network, (x, expected) = load(case, tmp_path), records(case)
    rung = float_rung(network, *source_trace(network, x, expected, case.late), allow_silent=())
    assert rung.first_divergence is None
    spiking = [rung.nodes[node] for node in network.populations if isinstance(network.nodes[node], SPIKING)]
    assert all(each.expected_spikes > 20 for each in spiking)
    assert sum(each.ties for each in spiking) < 0.01 * sum(each.expected_spikes for each in spiking)


OTHERWISE = (
    ("norse-box-dense-grid", "reset", "subtract"),
    ("norse-lif-dense-grid", "current", "previous"),
    ("snntorch-leaky_subtract-dense-grid", "reset", "zero"),
    ("snntorch-leaky_zero-conv-grid", "fires_at", ">="),
    ("snntorch-leaky_subtract-recurrent-grid", "recurrent_bias_at_start", "omitted"),
    ("snntorch-synaptic_subtract-dense-grid", "reset_timing", "same-step"),
    ("spikingjelly-if-conv-grid", "fires_at", ">"),
    ("spikingjelly-lif-dense-grid", "input_gain", "unit"),
    ("sinabs-iaf-dense-grid", "max_spikes_per_step", 1),
    ("sinabs-iaf_clamped-dense-grid", "v_min", None),
    ("rockpool-lif-dense-random", "method", "euler"),
    ("spyx-lif-dense-grid", "reset_timing", "same-step"),
    ("spyx-lif-recurrent-grid", "recurrent_delay", 2),
)


@pytest.mark.parametrize("label, term, value", OTHERWISE)
def test_a_contract_that_differs_in_one_term_gives_other_spikes(label, term, value, tmp_path):
    case = CASES[label]
    network, (x, expected) = load(case, tmp_path), records(case)
    contract = network.contract
    for node in network.nodes:
        contract = contract.override(node, **{term: value})
    wrong = replace(network, contract=contract)
    if case.exactness == "ties":
        rung = float_rung(wrong, *source_trace(network, x, expected, case.late), allow_silent=network.populations)
        assert rung.verdict == "diverged"
        return
    trace = run_network(wrong, stimulus_of(network, x))
    sent = [
        trace[node].output[:, : record.shape[1] - case.late]
        for node, record in zip(network.populations, expected, strict=True)
    ]
    assert not all(np.array_equal(a, b[:, case.late :]) for a, b in zip(sent, expected, strict=True))


INTEGRATORS = [f"{f}-{n}-dense-grid" for f, n in (("norse", "iaf"), ("spikingjelly", "if"), ("sinabs", "iaf"))]
INTEGRATORS += ["snntorch-integrate_subtract-dense-grid", "spyx-if-dense-grid"]


@pytest.mark.parametrize("label", INTEGRATORS)
def test_of_dyadic_numbers_ties_are_common(label, tmp_path):
    case = CASES[label]
    network, (x, expected) = load(case, tmp_path), records(case)
    first = network.populations[0]
    before = run_network(network, stimulus_of(network, x), states=True)[first].v_before
    assert np.sum(before == threshold_of(network.nodes[first])) > 0.05 * expected[0].sum()


def test_a_spike_too_many_is_no_tie(tmp_path):
    case = CASES["snntorch-leaky_subtract-dense-random"]
    network, (x, expected) = load(case, tmp_path), records(case)
    expected[0][0, 50, 3] ^= 1
    first = float_rung(network, *source_trace(network, x, expected), allow_silent=()).first_divergence
    assert first is not None and (first.step, first.neuron) == (50, (3,))
