"""What a check keeps of its runs to be looked at: it is what the rungs did, and it stays small."""

from dataclasses import replace

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.parity import recorder
from neurodeploy.parity.recording import NodeRecord, Recording, RungRecord, Window
from neurodeploy.parity.report import Report
from tests.report import faulty


def recorded(patch: pytest.MonkeyPatch, shown: nd.Stimulus | None = None) -> tuple[Report, Recording]:
    report = faulty.check(patch, shown)
    assert report.recording is not None
    return report, report.recording


def test_a_small_check_is_kept_whole_as_the_rungs_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    report, recording = recorded(monkeypatch)
    (window,) = recording.windows
    assert (window.sample, window.start, window.steps) == (0, 0, 60)
    assert recording.rungs == ("network", "program", "fixed", "chip")
    assert recording.before == {"program": "network", "fixed": "program", "chip": "program"}
    for rung in ("network", "program"):
        trace = nd.run(faulty.network(), faulty.stimulus(), on=rung, states=True)
        for name, node in window.nodes.items():
            assert node.complete and not node.since.any()
            record = node.rungs[rung]
            assert np.array_equal(record.output, trace[name].output[0].T)
            assert record.membrane is not None
            assert np.allclose(record.membrane / record.unit[:, None], network_unit(trace[name])[0].T)
    chip = window.nodes["hidden"].rungs["chip"]
    expected = window.nodes["hidden"].rungs["program"].output
    assert chip.differing is not None
    assert np.array_equal(chip.differing, np.count_nonzero(chip.output != expected, axis=0))
    first = report.first_divergence
    assert first is not None and recording.window_of(first.sample, first.step) == 0
    assert window.nodes["hidden"].threshold == pytest.approx(np.full(40, 0.5))


def network_unit(entry: object) -> np.ndarray:
    """Membranes as the network counts them."""
    return entry.v / (2.0**entry.state_scale * entry.state_unit)  # type: ignore[attr-defined]


def test_of_many_neurons_some_are_kept_and_those_that_differ_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "KEPT", 60 * 2 * 10)
    report, recording = recorded(monkeypatch)
    node = recording.windows[0].nodes["hidden"]
    first = report.rungs[-1].nodes["hidden"].first
    assert first is not None and node.row(first.neuron) is not None
    assert len(node.neurons) == 10 and not node.complete
    chip = node.rungs["chip"]
    assert chip.differing is not None and chip.differing.sum() > np.count_nonzero(
        chip.output != node.rungs["program"].output
    )


def test_a_divergence_in_another_sample_has_a_window_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = faulty.stimulus()
    camera = shown["camera"].copy()
    camera[0] = 0  # nothing happens, so nothing differs
    report, recording = recorded(monkeypatch, replace(shown, inputs={"camera": camera}))
    first = report.first_divergence
    assert first is not None and first.sample == 1
    number = recording.window_of(first.sample, first.step)
    assert number == 1
    record = recording.windows[number].nodes["hidden"]
    row, step = record.row(first.neuron), first.step - recording.windows[number].start
    assert row is not None
    assert (record.rungs["program"].output[row, step], record.rungs["chip"].output[row, step]) == (1, 0)


def test_the_largest_recording_makes_a_page_of_less_than_five_megabytes() -> None:
    random = np.random.default_rng(0)
    neurons, steps = recorder.KEPT // 256, 256
    output = (random.random((neurons, steps)) < 0.2).astype(np.int8)
    membranes = random.normal(0, 1, (neurons, steps)).astype(np.float32)
    integers = (membranes * 2**21).astype(np.int32)
    unit, counts = np.ones(neurons), random.integers(0, 1000, steps)
    rungs = {"network": RungRecord(output, membranes, unit, counts)}
    rungs |= {rung: RungRecord(output, integers, unit, counts, counts) for rung in ("program", "fixed", "loihi-sim")}
    where = np.arange(neurons)
    node = NodeRecord((neurons,), False, where, np.zeros(neurons, np.int64), None, rungs)
    before = recorder.before_of(tuple(rungs))
    page = Report((), {}, recording=Recording((Window(0, 0, steps, {"cells": node}),), before)).to_html()
    assert 2e6 < len(page) < 4e6  # windows around divergences, at most two, add a quarter each
