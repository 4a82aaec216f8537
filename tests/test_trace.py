"""Traces: the file form, and files that are none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.errors import InputError
from neurodeploy.evidence import same_code
from neurodeploy.finding import Finding
from neurodeploy.heads import apply_head, task_value
from neurodeploy.host import Head
from neurodeploy.integers import narrowed
from neurodeploy.trace import Entry, Operations, Trace


def sample():
    rng = np.random.default_rng(0)
    spikes = rng.integers(0, 2, (2, 5, 3, 4))
    graded = rng.integers(-200, 200, (2, 5, 2))
    states = rng.integers(-(2**40), 2**40, (2, 5, 3, 4))
    return Trace(
        {
            "stages.0.lif": Entry(spikes, v=states, u=states + 1, v_before=states + 2, state_scale=9),
            "stages.0.add": Entry(graded, graded=True, scale=4, inserted=True),
        },
        {"rung": "program", "digest": "00ff"},
        same_code("no compiler"),
        ("signal",),
        ("a note",),
        Operations({"fc": 5}, {"stages.0.lif": 7}, {"stages.0.lif": 9}),
        (Finding("slug", "warning", "input", "is odd", "make it even"),),
    )


@pytest.mark.parametrize("batched", [True, False])
def test_what_is_saved_is_loaded(tmp_path, batched):
    trace = sample()
    if not batched:
        trace = replace(trace, entries={name: first(entry) for name, entry in trace.entries.items()})
    trace.save(tmp_path / "t.npz", batched)
    again = Trace.load(tmp_path / "t.npz")
    about = (trace.meta, trace.evidence, trace.encoded, trace.notes, trace.operations, trace.findings)
    assert (again.meta, again.evidence, again.encoded, again.notes, again.operations, again.findings) == about
    for name, entry in trace.entries.items():
        other = again[name]
        assert (entry.graded, entry.scale, entry.state_scale, entry.inserted) == (
            other.graded,
            other.scale,
            other.state_scale,
            other.inserted,
        )
        for a, b in ((entry.output, other.output), (entry.v, other.v), (entry.u, other.u)):
            assert (a is None and b is None) or np.array_equal(a, b)
    with np.load(tmp_path / "t.npz") as file:
        assert file["stages.0.lif.spikes"].dtype == np.uint8
        assert file["stages.0.lif.spikes"].ndim == (4 if batched else 3)


def test_the_file_says_in_words_what_ran(tmp_path):
    sample().save(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as file:
        about = json.loads(str(file["meta"]))
    assert about["evidence"] == {"independent": False, "reason": "the reference runner itself ran: no compiler"}
    assert (about["rung"], about["encoded"], about["notes"]) == ("program", ["signal"], ["a note"])
    assert about["operations"]["total"] == {"synaptic": 5, "updates": 7, "events": 9}


def test_what_a_trace_does_not_say_is_not_in_the_file(tmp_path):
    Trace({"lif": Entry(np.zeros((1, 2, 3), np.int64))}).save(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as file:
        assert json.loads(str(file["meta"])).keys() == {"batched", "nodes"}
    assert Trace.load(tmp_path / "t.npz").evidence is None


def first(entry):
    return Entry(entry.output[:1], entry.graded, entry.scale, inserted=entry.inserted, state_scale=entry.state_scale)


def test_the_same_trace_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        sample().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 broken zip", b"\x93NUMPY"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "t.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a trace"):
        Trace.load(path)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_trace_is_refused(tmp_path, keep):
    path = tmp_path / "t.npz"
    sample().save(path)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(InputError, match="not a trace"):
        Trace.load(path)


def test_arrays_of_another_program_are_refused(tmp_path):
    np.savez(tmp_path / "t.npz", input=np.zeros(3))
    np.save(tmp_path / "t.npy", np.zeros(3))
    for name in ("t.npz", "t.npy", "missing.npz"):
        with pytest.raises(InputError, match="no such file" if name == "missing.npz" else "not a trace"):
            Trace.load(tmp_path / name)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_the_smallest_type_holds_every_value(values):
    array = np.array(values, np.int64)
    small = narrowed(array)
    assert np.array_equal(small.astype(np.int64), array)
    assert small.dtype.itemsize <= 8


def test_values_are_scaled_outputs():
    assert sample()["stages.0.add"].values.tolist() == (sample()["stages.0.add"].output / 16).tolist()


def test_a_missing_entry_is_named_with_those_there():
    with pytest.raises(InputError, match=r"'lif'.*\n.*stages\.0\.add"):
        sample()["lif"]


def test_most_spikes_win_and_the_lowest_index_among_equals():
    output = np.zeros((2, 4, 3), np.int64)
    output[0, :2, 1] = output[0, 2:, 2] = 1
    output[1, :, 2] = 1
    trace, head = Trace({"lif": Entry(output)}), Head("spike-count-argmax", "lif")
    assert apply_head(head, trace).tolist() == [1, 2]
    assert task_value(head, trace, np.array([1, 0])) == {"class": [1, 2], "accuracy": 0.5}
    assert task_value(head, trace, None) == {"class": [1, 2]}


def test_ratios_are_clamped_means_through_two_layers():
    output = np.array([[[[[3.0]]], [[[0.5]]]], [[[[-1.0]]], [[[0.0]]]]])
    weights = {
        "fc1_weight": np.array([[2.0], [-1.0]]),
        "fc1_bias": np.array([0.0, 0.25]),
        "fc2_weight": np.array([[1.0, 4.0]]),
        "fc2_bias": np.array([0.5]),
    }
    head = Head("llr", "add", {"temperature": 2.0}, weights)
    ratios = apply_head(head, Trace({"add": Entry(output, graded=True)}))
    assert ratios[:, 0, 0, 0].tolist() == [2 * (2 * 0.75 + 0.5), 2 * (4 * 0.25 + 0.5)]


def test_a_head_outside_the_list_or_without_weights_is_refused():
    trace = Trace({"lif": Entry(np.zeros((1, 1, 1, 1, 1)))})
    with pytest.raises(InputError, match="spike-count-argmax"):
        apply_head(Head("softmax", "lif"), trace)
    with pytest.raises(InputError, match="fc1_bias"):
        apply_head(Head("llr", "lif", {}, {"fc1_weight": np.ones((1, 1), np.float32)}), trace)
