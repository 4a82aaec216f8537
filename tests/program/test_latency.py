"""Latency of each population on a machine where every synapse takes one step."""

import numpy as np
import pytest

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.program.latency import extra_steps, latencies


def network(*joins: str) -> Program:
    """``"a>b"`` joins a to b, ``"a>b:3"`` with a delay of 3 steps; ``i`` and ``j`` are inputs."""
    edges = [(*join.partition(":")[0].split(">"), int(join.partition(":")[2] or 0)) for join in joins]
    names = dict.fromkeys(name for source, target, _ in edges for name in (source, target))
    return Program(
        LOIHI2,
        tuple(Input(name, (1,)) for name in names if name in "ij"),
        tuple(Population(name, (1,)) for name in names if name not in "ij"),
        tuple(
            Projection(f"{source}>{target}", source, target, "dense", np.ones((1, 1)), delay=delay)
            for source, target, delay in edges
        ),
    )


def latency(*joins: str) -> dict[str, int]:
    found = latencies(network(*joins))
    return {name: steps for name, steps in found.items() if name not in "ij"}


def test_a_chain_counts_its_synapses() -> None:
    assert latency("i>a", "a>b", "b>c") == {"a": 1, "b": 2, "c": 3}


def test_the_longest_path_counts() -> None:
    assert latency("i>a", "a>b", "b>c", "i>c", "a>c") == {"a": 1, "b": 2, "c": 3}


def test_order_of_projections_does_not_matter() -> None:
    assert latency("b>c", "i>c", "a>b", "i>a") == {"a": 1, "b": 2, "c": 3}


def test_inputs_all_stand_at_zero() -> None:
    assert latencies(network("i>a", "a>b", "j>b")) == {"i": 0, "j": 0, "a": 1, "b": 2}


def test_a_shortcut_must_wait_for_the_longer_branch() -> None:
    program = network("i>a", "a>b", "b>c", "i>c")
    found = latencies(program)
    assert [extra_steps(p, found) for p in program.projections] == [0, 0, 0, 2]


def test_a_forward_delay_comes_on_top_of_the_synapse() -> None:
    program = network("i>a:3", "a>b")
    found = latencies(program)
    assert found == {"i": 0, "a": 1, "b": 2}
    assert [extra_steps(p, found) for p in program.projections] == [3, 0]


def test_a_population_on_bias_alone_stands_next_to_its_consumer() -> None:
    assert latency("i>a", "a>b", "b>c", "x>c") == {"a": 1, "b": 2, "c": 3, "x": 2}


def test_it_stands_before_the_earliest_of_its_consumers() -> None:
    assert latency("i>a", "a>b", "b>c", "x>c", "x>b")["x"] == 1


def test_a_chain_on_bias_alone_moves_as_one() -> None:
    assert latency("i>a", "a>b", "b>c", "x>y", "y>c") == {"a": 1, "b": 2, "c": 3, "x": 1, "y": 2}


def test_a_long_chain_on_bias_alone_delays_its_consumer() -> None:
    assert latency("x>y", "y>z", "z>a", "i>a", "w>a") == {"x": 0, "y": 1, "z": 2, "a": 3, "w": 2}


def test_populations_that_no_input_concerns_start_at_zero_and_align_among_themselves() -> None:
    assert latency("x>y", "y>z", "w>z") == {"x": 0, "y": 1, "z": 2, "w": 1}
    assert latencies(Program(LOIHI2, (), (Population("x", (1,)),), ())) == {"x": 0}


def test_a_branch_of_a_bias_driven_population_follows_it() -> None:
    assert latency("i>a", "a>b", "b>c", "x>c", "x>y") == {"a": 1, "b": 2, "c": 3, "x": 2, "y": 3}


def test_a_loop_of_one_synapse_and_one_step_is_free() -> None:
    program = network("i>a", "a>a:1", "a>b")
    found = latencies(program)
    assert found == {"i": 0, "a": 1, "b": 2}
    assert [extra_steps(p, found) for p in program.projections] == [0, 0, 0]


def test_a_loop_over_two_synapses_needs_two_steps() -> None:
    program = network("i>a", "a>b", "b>a:2")
    found = latencies(program)
    assert found == {"i": 0, "a": 1, "b": 2}
    assert [extra_steps(p, found) for p in program.projections] == [0, 0, 0]
    with pytest.raises(RefusedError, match="loop through a, b crosses more synapses than its delay"):
        latencies(network("i>a", "a>b", "b>a:1"))


def test_the_delay_of_a_loop_may_lie_anywhere_on_it() -> None:
    program = network("i>a", "a>b:3", "b>a")
    found = latencies(program)
    assert all(extra_steps(p, found) >= 0 for p in program.projections)
    assert sum(extra_steps(p, found) for p in program.projections if p.source != "i") == 1


def test_a_longer_delay_leaves_steps_to_wait() -> None:
    program = network("i>a", "a>a:4")
    assert [extra_steps(p, latencies(program)) for p in program.projections] == [0, 3]


def test_a_loop_in_the_middle_does_not_disturb_the_longest_path() -> None:
    assert latency("i>a", "a>b", "b>c", "c>b:2", "c>d", "i>d") == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_a_loop_on_bias_alone_moves_as_one_and_takes_the_smallest_steps() -> None:
    assert latency("x>y", "y>x:5") == {"x": 0, "y": 1}
    assert latency("i>a", "a>b", "x>y", "y>x:5", "x>b") == {"a": 1, "b": 2, "x": 1, "y": 2}


def test_the_refusal_names_the_loop_and_not_what_follows_it() -> None:
    with pytest.raises(RefusedError) as caught:
        latencies(network("c>d", "b>c", "i>a", "a>b", "b>a:1", "d>d:1"))
    assert "through b, a " in str(caught.value) or "through a, b " in str(caught.value)
    assert caught.value.where in ("projection a>b", "projection b>a")
    assert "one step per synapse" in caught.value.remedy


def test_a_loop_without_any_delay_has_no_order_and_no_latency() -> None:
    program = network("i>a", "a>b", "b>a")
    with pytest.raises(InputError, match="loop without delay through a, b"):
        _ = program.order
    with pytest.raises(RefusedError):
        latencies(program)
