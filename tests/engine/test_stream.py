"""A run in chunks is the run as a whole, and what is not recorded is neither allocated nor written."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.codegen.port import Port
from neurodeploy.engine import Stream, batch, open_stream, run_compiled
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.program import Program
from neurodeploy.trace import Trace

from . import extremes
from .one_neuron import SPIKES, program
from .support import STATES, needs_compiler, reference

pytestmark = needs_compiler
STEPS, SAMPLES = 24, 5
SEEDS = tuple(range(40, 46))


@cache
def under_test(seed: int) -> tuple[Program, dict[str, np.ndarray], Trace]:
    made = extremes.program(seed)
    given = extremes.stimulus(seed, made, SAMPLES, STEPS)
    return made, given, reference(made, given)


@cache
def stream(seed: int, threads: int) -> Stream:
    return open_stream(under_test(seed)[0], SAMPLES, states=True, threads=threads)


def joined(traces: list[Trace], name: str, key: str) -> np.ndarray | None:
    arrays = [getattr(trace[name], key) for trace in traces]
    return None if arrays[0] is None else np.concatenate(arrays, axis=1)


def test_the_programs_have_delays_and_windows() -> None:
    programs = [under_test(seed)[0] for seed in SEEDS]
    assert {p.delay for each in programs for p in each.projections} >= {0, 1, 4}
    assert any(p.kind in ("conv1d", "conv2d") for each in programs for p in each.projections)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.sampled_from(SEEDS), st.sampled_from((1, 2, 7)), st.lists(st.integers(0, STEPS), max_size=6))
def test_chunks_joined_are_the_whole_run(seed: int, threads: int, cuts: list[int]) -> None:
    made, values, expected = under_test(seed)
    under_way = stream(seed, threads)
    under_way.reset()
    edges = [0, *sorted(cuts), STEPS]
    chunks = [{name: each[:, a:b] for name, each in values.items()} for a, b in pairwise(edges)]
    traces = [under_way.feed(chunk) for chunk in chunks]
    for name in (*made.input_by_name, *made.by_name):
        for key in STATES:
            whole, parts = getattr(expected[name], key), joined(traces, name, key)
            assert (whole is None) == (parts is None), (name, key)
            assert whole is None or np.array_equal(whole, parts), (name, key)


def test_what_is_recorded_does_not_change_what_happens() -> None:
    for seed in SEEDS:
        made, values, expected = under_test(seed)
        for name in (*made.input_by_name, *made.by_name):
            alone = run_compiled(made, values, states=True, record=[name])
            assert list(alone.entries) == [name]
            for key in STATES:
                a, b = getattr(expected[name], key), getattr(alone[name], key)
                assert (a is None) == (b is None)
                assert a is None or np.array_equal(a, b), (seed, name, key)


def test_an_isolated_run_may_record_one_node_too() -> None:
    made, values, expected = under_test(SEEDS[0])
    whole = run_compiled(made, values, drive=expected)
    for name in made.by_name:
        alone = run_compiled(made, values, drive=expected, record=name)
        assert list(alone.entries) == [name]
        assert np.array_equal(alone[name].output, whole[name].output)


def test_what_is_not_recorded_is_not_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    made, values, _ = under_test(SEEDS[0])
    name, *others = made.by_name
    assert others
    seen: list[str] = []
    own = batch._new_records

    def noted(port: Port, *rest: Any) -> Any:
        arrays = own(port, *rest)
        seen.extend([port.name] * bool(arrays))
        return arrays

    monkeypatch.setattr(batch, "_new_records", noted)
    run_compiled(made, values, record=[name])
    assert seen == [name]


def test_a_stream_starts_anew() -> None:
    under_way = open_stream(program(), states=True)
    first = under_way.feed(SPIKES)
    again = under_way.feed(SPIKES)
    under_way.reset()
    anew = under_way.feed(SPIKES)
    assert np.array_equal(first["n"].v, anew["n"].v)
    assert again["n"].output.shape == (1, 5, 1)
    assert first.meta["engine"] == "compiled"
    assert repr(under_way) == "Stream of 1 samples through a program of 1 populations"


@pytest.mark.parametrize("values", [np.zeros((2, 3, 1)), np.zeros((1, 3, 2)), np.full((1, 3, 1), np.nan)])
def test_a_chunk_that_does_not_fit_is_refused(values: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"the stream has 1|give it the shape|not finite"):
        open_stream(program()).feed({"input": values})


@pytest.mark.parametrize("record", [["nobody"], []])
def test_a_record_of_no_node_is_refused(record: list[str]) -> None:
    with pytest.raises(InputError, match="the nodes are: input, n"):
        open_stream(program(), record=record)
    with pytest.raises(InputError, match="the nodes are: input, n"):
        run_compiled(program(), SPIKES, record=record)


def test_a_stream_of_no_sample_is_refused() -> None:
    with pytest.raises(InputError, match="no number of samples"):
        open_stream(program(), batch=0)


def test_a_stream_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(UnavailableError, match="no C compiler") as caught:
        open_stream(program())
    assert caught.value.exit_code == 4
