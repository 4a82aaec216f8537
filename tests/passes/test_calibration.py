"""Calibrated rounding: what a membrane is made of, rounding that makes up for itself, and spikes that are kept."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.contract import Terms
from neurodeploy.errors import CannotRepresentError, InputError
from neurodeploy.flow import stages
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.accuracy import Calibrated, calibration_findings
from neurodeploy.passes.calibration.rounding import Levels, factor, rounded
from neurodeploy.passes.calibration.task import task_of
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.pipeline import STAGES, quantize
from neurodeploy.passes.stage import run_stages, until
from neurodeploy.program.store import program_files
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

from .limits import check_population, check_projection
from .networks import chain, dense, events, random_network, recurrent_network, stimulus, worst_jaccard


def one_layer(kind, reset, bias=True, v_min=None):
    """A layer of eight neurons on twelve inputs, decays on the machine's grid."""
    rng = np.random.default_rng(0)
    build = NetworkBuilder()
    at = build.input("input", (12,), InputRange(0, 1, 1))
    at = build.linear("fc", at, rng.normal(0, 0.6, (8, 12)), rng.normal(0, 0.05, 8) if bias else None)
    terms = {"reset": reset, "v_min": v_min, "input_gain": "unit"}
    if kind == "cuba":
        at = build.cuba_lif("n", at, tau_syn=2e-3, tau_mem=4e-3, threshold=0.8, **terms)
    else:
        at = build.lif("n", at, tau=4e-3, threshold=0.8, **terms)
    build.output("output", at)
    return build.build()


def task(network, shown, numerics=INT32):
    """The one population of a network as calibration sees it, fed what the float network is fed."""
    draft = run_stages(until(STAGES, "messages"), Draft(network, Machine.of(numerics)))
    name = network.populations[0]
    float_trace = run_network(network, shown, states=True)
    messages = {path.source: float_trace[path.source].values for path in draft.entering(name)}
    samples = np.arange(float_trace.batch)
    return task_of(draft, draft.neurons[name], messages, float_trace, samples, np.random.default_rng(0))


@pytest.mark.parametrize("kind", ["lif", "cuba"])
@pytest.mark.parametrize("reset", ["zero", "subtract", "none"])
@pytest.mark.parametrize("v_min", [None, 0.0])
def test_under_teacher_forcing_the_membrane_is_linear_in_weights_bias_and_threshold(kind, reset, v_min):
    network = one_layer(kind, reset, v_min=v_min)
    made = task(network, events(network))
    for row in range(made.rows):
        lines = made.lines(row, np.ones(12, bool))
        assert np.abs(lines.missing).max() < 1e-5
    assert made.spikes.any()


def test_a_convolution_sees_its_windows_where_its_neurons_stand():
    rng = np.random.default_rng(1)
    build = NetworkBuilder()
    at = build.input("input", (2, 7, 9), InputRange(0, 1, 1))
    at = build.conv("conv", at, rng.normal(0, 0.4, (4, 2, 3, 3)), rng.normal(0, 0.1, 4), stride=2, padding=1)
    build.output("output", build.lif("n", at, tau=4e-3, threshold=0.6, input_gain="unit"))
    network = build.build()
    made = task(network, events(network))
    for row in range(4):
        assert np.abs(made.lines(row, np.ones(18, bool)).missing).max() < 1e-5
    assert made.spikes.any()


def test_weights_make_up_for_the_errors_of_each_other():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(500, 24)) + 2 * rng.normal(size=(500, 1))
    moments, weights = features.T @ features / 500, rng.normal(size=24)
    levels = Levels(*(np.full(24, value) for value in (-8.0, 7.0, 1.0, 1.0)))
    units = np.array([np.abs(weights).max() / 7])
    integers = rounded(weights[None], units, levels, *factor(moments, 0.03))[0]
    nearest = np.clip(np.rint(weights / units[0]), -8, 7)

    def error(values):
        away = values * units[0] - weights
        return away @ moments @ away

    assert error(integers) < error(nearest) / 2
    assert integers.min() >= -8 and integers.max() <= 7 and np.all(integers == np.rint(integers))


@pytest.mark.parametrize(("numerics", "bits"), [(LOIHI2, 8), (LOIHI2, 2), (INT32, 4)])
def test_calibrated_integers_keep_more_spikes_on_samples_that_calibration_never_saw(numerics, bits):
    plain, calibrated = [], []
    for seed in range(2):
        network = chain(seed)
        new = events(network, 20, seed=99)
        expected = run_network(network, new)
        for losses, options in ((plain, {"unit": "row"}), (calibrated, {"calibrate": events(network, 40, seed=5)})):
            program = quantize(network, numerics, weight_bits=bits, **options).program
            losses.append(1 - worst_jaccard(expected, run_program(program, new), network))
    assert np.mean(calibrated) < np.mean(plain)


@pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=lambda n: n.name)
def test_no_population_differs_in_more_cells_than_rounded_plainly(numerics):
    network = chain(4, sizes=(20, 16, 12, 8))
    reports = quantize(network, numerics, events(network, 12), weight_bits=3).calibrated
    assert [report.population for report in reports] == list(network.populations)
    assert all(report.differing <= report.differing_plain for report in reports)
    assert sum(report.differing for report in reports) < sum(report.differing_plain for report in reports)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), numerics=st.sampled_from([LOIHI2, INT32]))
def test_every_integer_stays_within_the_limits_of_the_machine(seed, numerics):
    network = random_network(seed)
    try:
        program = quantize(network, numerics, stimulus(network)).program
    except (CannotRepresentError, InputError):  # InputError: nothing reaches a layer
        return
    for population in program.populations:
        check_population(population, numerics)
    for projection in program.projections:
        check_projection(projection, numerics)


def slow_with_late_resets(seed):
    """Membranes that keep 99 % per step; a late reset is a weight of another hundredth of the threshold."""
    build, weights = NetworkBuilder(), np.random.default_rng(seed).normal(-0.02, 0.3, (16, 24))
    at = build.linear("fc", build.input("input", (24,), InputRange(0, 1, 1)), weights)
    late = {"reset": "subtract", "reset_timing": "next-step", "input_gain": "unit"}
    build.output("output", build.lif("n", at, tau=0.1, threshold=1.0, **late))
    return build.build()


@pytest.mark.parametrize("seed", [0, 2])
def test_two_bits_are_chosen_well_beside_weights_that_are_far_smaller(seed):
    rng = np.random.default_rng(9)
    rates = rng.random((40, 1, 24)) ** 2
    shown = {"input": (rng.random((40, 16, 24)) < rates).astype(float)}
    report = quantize(slow_with_late_resets(seed), LOIHI2, shown, weight_bits=2).calibrated[0]
    assert report.differing < 0.75 * report.differing_plain


@pytest.mark.parametrize("kind", ["lif", "cuba"])
def test_a_recurrent_population_is_calibrated_on_the_float_networks_own_spikes(kind):
    rng = np.random.default_rng(0)
    network = recurrent_network(kind, weight=rng.normal(0, 0.3, (4, 4)))
    shown = stimulus(network, 40, 12)
    reports = quantize(network, INT32, shown, weight_bits=4).calibrated
    assert [report.rows for report in reports] == [4]
    assert reports[0].differing <= reports[0].differing_plain


def test_exact_weights_stay_as_they_are():
    network = dense(np.random.default_rng(0).integers(-8, 9, (6, 9)) / 8)
    shown = stimulus(network)
    assert program_files(quantize(network, LOIHI2, shown).program) == program_files(quantize(network, LOIHI2).program)


def test_the_same_stimulus_gives_the_same_integers():
    network = chain(1)
    first, second = (program_files(quantize(network, INT32, events(network)).program) for _ in range(2))
    assert first == second


def test_the_stage_tells_what_it_did():
    network = chain(2)
    listing = stages(network, "fixed", {"weight-bits": 3}, calibrate=events(network))
    table = next(run.result for run in listing.stages if run.stage.name == "calibration")
    assert table.title == "2 populations calibrated"
    assert [row[0] for row in table.rows] == list(network.populations)


def inhibited(samples=4, steps=300):
    """Twelve slow neurons that are inhibited for a while, far below their threshold, and then excited; the stimulus."""
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.1, (12, 24)) + np.repeat([0.1, -0.05], 12)
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (24,), InputRange(0, 1, 1)), weights, None)
    at = build.lif("n", at, tau=0.3, threshold=1.0, reset="zero", input_gain="unit")
    build.output("output", at)
    active = np.random.default_rng(1).random((samples, steps, 24)) < 0.3
    active[:, : steps // 2, :12] = False
    active[:, steps // 2 :, 12:] = False
    return build.build(), {"input": active.astype(np.float64)}


def test_a_calibrated_scale_leaves_room_for_the_membranes_that_were_seen(monkeypatch):
    network, shown = inhibited()
    expected = run_network(network, shown, states=True)["n"]
    assert expected.v_before.min() < -40, "forty thresholds below zero"

    def run():
        result = quantize(network, LOIHI2, calibrate=shown)
        entry = run_program(result.program, shown, states=True)["n"]
        most = (1 << (LOIHI2.membrane_bits - 1)) - 1
        (report,) = result.calibrated
        return report, (np.abs(entry.v_before) == most).mean(), (entry.output != expected.output).sum()

    report, saturated, wrong = run()
    assert (report.room, report.cut, saturated) == (True, 0, 0)
    assert wrong == report.differing < report.differing_plain
    monkeypatch.setattr("neurodeploy.passes.calibration.populations.cut_cells", lambda *_: 0)
    _, saturated_before, wrong_before = run()
    assert saturated_before > 0.2
    assert wrong < wrong_before


def test_room_that_leaves_too_few_weight_bits_is_not_made_and_a_finding_says_what_is_cut():
    weights = np.random.default_rng(0).uniform(0.9, 1, (1, 65)) * np.append(-np.ones(64), 1)
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (65,), InputRange(0, 1, 1)), weights, None)
    at = build.lif("n", at, tau=10.0, threshold=3.0, reset="zero", input_gain="unit")
    build.output("output", at)
    shown = {"input": np.zeros((1, 400, 65))}
    shown["input"][0, :50, 64] = 1
    shown["input"][0, 50:, :64] = 1
    result = quantize(build.build(), LOIHI2, shown)
    (report,) = result.calibrated
    assert not report.room
    assert report.cut > 300
    (finding,) = (each for each in result.findings if each.slug == "membrane-cut")
    assert str(report.cut) in finding.message
    assert quantize(build.build(), INT32, shown).calibrated[0].cut == 0


def test_room_is_made_for_exact_weights_too():
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,), InputRange(0, 1, 1)), np.array([[20.0, -20.0]]), None)
    at = build.lif("n", at, tau=10.0, threshold=60.0, reset="zero", input_gain="unit")
    build.output("output", at)
    shown = {"input": np.zeros((1, 150, 2))}
    shown["input"][0, :100, 1] = 1
    shown["input"][0, 100:, 0] = 1
    plain, roomy = (quantize(build.build(), LOIHI2, calibrate=each).program for each in (None, shown))
    before = {id(each): run_program(each, shown, states=True)["n"].v_before.min() for each in (plain, roomy)}
    assert before[id(plain)] == 1 - (1 << 23)
    assert before[id(roomy)] > 1 - (1 << 23)
    assert roomy.by_name["n"].scale < plain.by_name["n"].scale


def test_why_a_population_is_rounded_plainly_is_told():
    network = dense(np.random.default_rng(0).integers(-8, 9, (6, 9)) / 8)
    listing = stages(network, "fixed", calibrate=stimulus(network))
    table = next(run.result for run in listing.stages if run.stage.name == "calibration")
    assert (table.title, table.rows[0][1], table.rows[0][-1]) == (
        "0 populations calibrated",
        "rounded plainly",
        "its weights are exact",
    )


@pytest.mark.parametrize("terms", [{"v_min": -0.5}, {"reset": "value", "v_reset": -0.25}, {"initial_state": 0.25}])
def test_set_membranes_are_calibrated_with_one_unit_for_all_rows(terms):
    rng = np.random.default_rng(3)
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (20,), InputRange(0, 1, 1)), rng.normal(0, 0.5, (10, 20)))
    build.output("output", build.lif("n", at, tau=4e-3, threshold=0.4, **terms))
    network = build.build()
    made = task(network, events(network))
    lines = made.lines(0, np.ones(20, bool))
    assert not made.by_row and np.abs(lines.missing).max() < 0.1
    report = quantize(network, LOIHI2, events(network, 20), weight_bits=3).calibrated[0]
    assert report.reason is None and report.differing < report.differing_plain


def test_a_pooling_beside_a_convolution_is_calibrated_as_a_convolution_of_each_channel():
    rng = np.random.default_rng(4)
    build = NetworkBuilder(Terms(reset_timing="next-step", reset="subtract"))
    at = build.input("input", (2, 6, 6), InputRange(0, 1, 1))
    at = build.conv("conv", at, rng.normal(0, 0.5, (3, 2, 3, 3)))
    build.output("output", build.lif("n", at, tau=4e-3, threshold=0.4))
    network = build.build()
    quantized = quantize(network, LOIHI2, events(network, 12), weight_bits=4)
    assert {projection.kind for projection in quantized.program.projections} == {"conv2d"}
    assert quantized.calibrated[0].differing < quantized.calibrated[0].differing_plain


def test_a_stimulus_that_never_reaches_a_layer_is_refused():
    network = chain(0)
    silent = {"input": np.zeros((4, 10, 30))}
    with pytest.raises(InputError, match=r"--calibrate: nothing reaches lif0: input sends nothing"):
        quantize(network, LOIHI2, silent)


def test_a_population_that_the_integers_before_it_leave_silent_is_rounded_plainly():
    build = NetworkBuilder()
    at = build.linear("one", build.input("input", (2,), InputRange(0, 1, 1)), np.eye(2))
    # It decays by 0.50012, in 12 bits by 0.5, and then comes no further than 2.
    at = build.lif("before", at, tau=1e-3 / (1 - 0.50012), threshold=2.0002, method="euler", input_gain="unit")
    build.output("output", build.lif("n", build.linear("fc", at, np.array([[0.3, 0.2**0.5]])), tau=4e-3, threshold=0.4))
    network, steady = build.build(), {"input": np.ones((3, 40, 2))}
    assert run_network(network, steady)["before"].output.any()
    quantized = quantize(network, LOIHI2, steady)
    assert quantized.calibrated[-1].reason == "before sends nothing once its own weights are integers"
    assert not run_program(quantized.program, steady)["before"].output.any()


def test_choices_that_hold_only_for_samples_they_were_fitted_to_are_told():
    report = Calibrated("n", 4, 4, 1000, 90, 40, differing_aside=30, aside=0.5)
    assert report.shares == (0.02, 0.06)
    assert [finding.slug for finding in calibration_findings([report, replace(report, differing_aside=20)])] == [
        "calibration-overfitted"
    ]
