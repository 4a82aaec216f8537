"""Where it is known that no width is reached, a step without widths does what a step with them does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2, Numerics
from neurodeploy.program import Population
from neurodeploy.reference.integer import NO_WIDTH, State, initial_state, step
from neurodeploy.reference.room import Room

NARROW = replace(LOIHI2, current_bits=12, membrane_bits=12, wide_bits=14, state_shift=1, decay_bits=4)
SIZE, STEPS = 3, 12


def optional(low: int, high: int) -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(low, high))


@st.composite
def populations(draw: st.DrawFn) -> Population:
    decays = st.one_of(st.sampled_from([0, 16]), st.integers(0, 16))
    return Population(
        "p",
        (SIZE,),
        draw(st.sampled_from(["cuba-lif", "li"])),
        current_decay=draw(decays),
        membrane_decay=draw(decays),
        threshold=np.array(draw(st.lists(st.integers(-5, 300), min_size=SIZE, max_size=SIZE))),
        bias=draw(st.integers(-90, 90)),
        compare=draw(st.sampled_from([">", ">="])),
        reset=draw(st.sampled_from(["zero", "value", "subtract", "none"])),
        reset_value=draw(st.integers(-300, 300)),
        every_step=draw(st.booleans()),
        floor=draw(optional(-400, 100)),
        ceiling=draw(optional(100, 600)),
        fire_once=draw(st.booleans()),
        max_spikes_per_step=draw(st.sampled_from([1, 3])),
        initial_membrane=draw(st.integers(-400, 400)),
        initial_current=draw(st.integers(-400, 400)),
    )


def received(scale: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(-scale if seed % 3 else 0, scale + 1, (STEPS, 2, SIZE))


@given(
    populations(), st.integers(0, 120), st.integers(0, 1000), st.sampled_from(["wrap-once", "wrap", "saturate", "clip"])
)
def test_steps_in_room_are_steps_within_their_widths(population: Population, scale: int, seed: int, rule) -> None:
    n, shown = replace(NARROW, current_overflow=rule, membrane_overflow=rule, wide_overflow=rule), received(scale, seed)
    ours, theirs = (initial_state(population, 2) for _ in range(2))
    free = Room(population, n).numerics(ours, shown, STEPS)
    for a in shown:
        pairs = step(population, ours, a, free), step(population, theirs, a, n)
        for left, right in ((pairs[0].output, pairs[1].output), (pairs[0].v_before, pairs[1].v_before)):
            np.testing.assert_array_equal(left, right)
        np.testing.assert_array_equal(ours.u, theirs.u)
        np.testing.assert_array_equal(ours.v, theirs.v)


def free(population: Population, a: int, steps: int = 1, numerics: Numerics = LOIHI2, v: int = 0) -> bool:
    state = State(np.zeros((1, 1), np.int64), np.full((1, 1), v), np.zeros((1, 1), np.bool_))
    within = Room(population, numerics).numerics(state, np.full((1, steps, 1), a), steps)
    assert within is numerics or within.membrane_bits == NO_WIDTH
    return within is not numerics


def test_room_ends_where_a_sum_may_reach_its_width() -> None:
    """A current of 64 a step is a membrane of 2**23, Loihi's width, after 2**17 of them, unless it is reset before."""
    gathers, fires = (Population("p", (1,), kind, membrane_decay=0, threshold=900) for kind in ("li", "cuba-lif"))
    assert free(gathers, 1, (1 << 17) - 1) and not free(gathers, 1, 1 << 17)
    assert free(fires, 1, 1 << 17) and not free(replace(fires, reset="none"), 1, 1 << 17)
    assert free(gathers, (1 << 17) - 1) and not free(gathers, 1 << 17)
    assert not free(gathers, 1, v=1 << 23) and free(replace(gathers, membrane_decay=4096), 1, v=1 << 23)


@pytest.mark.parametrize(
    "population",
    [Population("p", (1,), "relay"), Population("p", (1,), threshold=0, reset="subtract")],
    ids=["relay", "a threshold that lifts"],
)
def test_of_other_updates_nothing_is_known(population: Population) -> None:
    assert not free(population, 1)
    assert not free(Population("p", (1,), threshold=5), 1, numerics=XYLO_V2) and free(
        Population("p", (1,)), 1, 1, INT32
    )
