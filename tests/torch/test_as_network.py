"""What was trained is what runs: the network of a module does what its integers do, and export makes these of it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import NeurodeployError, RefusedError
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.program.store import program_files
from neurodeploy.reference.network_runner import run_network
from neurodeploy.torch import quantized
from tests.passes.networks import chain, events, random_network, recurrent_network, stimulus
from tests.torch.support import moved, same


def test_random_networks_are_exact_before_and_after_their_parameters_moved():
    exact = refused = 0
    for seed, numerics in itertools.product(range(5), (LOIHI2, INT32)):
        network = random_network(seed, exact=seed % 3 == 0)
        try:
            module = quantized(network, numerics)
            sent = same(module, stimulus(network))
            moved(module, seed)
            sent += same(module, stimulus(network))
        except NeurodeployError as error:
            assert isinstance(error, RefusedError)
            refused += 1
            continue
        exact += sent > 0
    assert exact >= 5
    assert refused <= 4


@pytest.mark.parametrize("kind", ["lif", "cuba"])
@pytest.mark.parametrize("delay", [1, 3])
def test_loops_and_their_delays(kind, delay):
    network = recurrent_network(kind, delay=delay)
    module = quantized(network, "loihi2", bits=3)
    moved(module, 1, far=0.7)
    shown = stimulus(network, steps=40)
    assert same(module, shown) > 20


def test_a_bias_in_front_of_a_synaptic_current_acts_in_full_from_the_first_step():
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (3,)), np.eye(4, 3), np.full(4, 0.25))
    build.output("output", build.cuba_lif("n", at, 4e-3, 8e-3, 1.0))
    network = build.build()
    module = quantized(network, "loihi2")
    assert not np.any(module.integers().by_name["n"].initial_current)
    assert same(module, stimulus(network, steps=60)) > 0


def test_delays_that_differ_and_maps_between_poolings():
    build = NetworkBuilder()
    rng = np.random.default_rng(0)
    at = build.conv("conv", build.input("input", (2, 6, 6)), rng.normal(0, 0.5, (3, 2, 3, 3)), rng.normal(0, 0.1, 3))
    at = build.lif("lif", at, 5e-3, 0.3)
    at = build.pool("pool", at, 2, 2)
    at = build.integrate("middle", at, 1.0)
    at = build.delay("late", build.flatten("flat", at), np.arange(12) % 3 * build.dt)
    at = build.linear("fc", at, rng.normal(0, 0.5, (4, 12)))
    build.output("output", build.lif("last", at, 4e-3, 0.4))
    network = build.build()
    module = quantized(network, "loihi2", bits=4)
    moved(module, 3)
    assert same(module, stimulus(network, steps=30)) > 50


def test_a_convolution_behind_an_average_pooling_is_trained_as_one_window():
    build = NetworkBuilder()
    rng = np.random.default_rng(0)
    at = build.conv("first", build.input("input", (1, 6, 6)), rng.normal(0, 0.6, (2, 1, 3, 3)), padding=1)
    at = build.pool("pool", build.lif("lif", at, 5e-3, 0.2), 2, 2, average=True)
    at = build.conv("second", at, rng.normal(0, 0.6, (2, 2, 3, 3)), rng.normal(0, 0.1, 2), padding=1)
    build.output("output", build.lif("last", at, 5e-3, 0.1))
    network = build.build()
    module = quantized(network, "loihi2", bits=4)
    moved(module, 0)
    assert same(module, stimulus(network, steps=20)) > 50


def test_rows_with_units_of_their_own_and_inputs_that_are_rounded():
    build = NetworkBuilder()
    rng = np.random.default_rng(0)
    at = build.input("input", (6,), InputRange(0.0, 1.0, None, declared=True))
    at = build.linear("fc", at, rng.normal(0, 0.5, (5, 6)) * np.geomspace(0.1, 3, 5)[:, None])
    build.output("output", build.lif("n", at, 5e-3, 0.3))
    network = build.build()
    module = quantized(network, "int32", options={"unit": "row"})
    assert np.ndim(module.start.by_name["n"].threshold)
    moved(module, 0)
    shown = {"input": rng.random((2, 50, 6))}
    assert same(module, shown) > 20


def test_a_sum_that_is_rounded_before_it_is_sent_is_refused_by_name():
    build = NetworkBuilder()
    weights = np.random.default_rng(0).normal(size=(3, 4))
    at = build.add("sum", [build.linear("fc", build.input("input", (4,)), weights)])
    build.output("output", build.integrate("n", at, 1.0))
    with pytest.raises(RefusedError, match="rounded to the width of its messages") as error:
        quantized(build.build(), "loihi2").network()
    assert error.value.where == "node sum"


def test_spikes_that_are_added_need_no_rounding():
    build = NetworkBuilder()
    rng = np.random.default_rng(0)
    first = build.integrate("a", build.linear("fa", build.input("input", (4,)), rng.normal(size=(4, 4))), 0.5)
    second = build.integrate("b", build.linear("fb", first, rng.normal(size=(4, 4))), 0.5)
    both = build.add("both", [first, second])
    build.output("output", build.integrate("n", build.linear("fc", both, rng.normal(size=(3, 4))), 0.5))
    network = build.build()
    module = quantized(network, "loihi2", bits=4)
    moved(module, 5)
    assert same(module, stimulus(network, steps=30)) > 20


def test_the_file_exports_to_the_integers_of_the_module(tmp_path):
    network = chain(0)
    module = quantized(network, "loihi2", bits=2, calibrate=events(network))
    moved(module, 0)
    write_network(module.network(), tmp_path / "trained.nir")
    bundle = nd.export(tmp_path / "trained.nir", "fixed", tmp_path / "out")
    assert program_files(bundle.program) == program_files(module.program)
    report = nd.check(bundle, events(network, seed=3))
    assert [rung.verdict for rung in report.rungs] == ["agree", "agree"]
    assert {node.jaccard for rung in report.rungs for node in rung.nodes.values()} == {1.0}


def test_a_calibrated_range_of_values_is_trained_and_exported(tmp_path):
    build, rng = NetworkBuilder(), np.random.default_rng(0)
    at = build.linear("fc", build.input("input", (6,), InputRange(0, 1, 1 / 16)), rng.normal(0, 0.6, (5, 6)))
    build.output("output", build.lif("n", at, tau=4e-3, threshold=0.3, input_gain="unit"))
    network, shown = build.build(), {"input": rng.integers(0, 17, (12, 20, 6)) / 16}
    assert nd.quantize(network, "loihi2", calibrate=shown).program.inputs[0].ends == (0, 16)
    module = quantized(network, "loihi2", bits=4, calibrate=shown)
    moved(module, 0)
    assert same(module, shown) > 20
    write_network(module.network(), tmp_path / "trained.nir")
    bundle = nd.export(tmp_path / "trained.nir", "fixed", tmp_path / "out")
    assert program_files(bundle.program) == program_files(module.program)


def test_a_rounded_range_stands_in_the_file_and_is_what_the_network_does(tmp_path):
    ranged = InputRange(0.0, 1.0, 0.25, declared=True, rounded=True)
    build = NetworkBuilder()
    build.output("output", build.integrate("n", build.linear("fc", build.input("input", (1,), ranged), np.eye(1)), 9.0))
    write_network(build.build(), tmp_path / "net.nir")
    network = nd.load(tmp_path / "net.nir")
    assert network.input_range("input") == ranged
    trace = run_network(network, {"input": np.array([[[0.3], [0.374], [0.4]]])}, states=True)
    assert trace["n"].v.ravel().tolist() == [0.25, 0.5, 1.0]
    assert replace(ranged, rounded=False) != ranged
