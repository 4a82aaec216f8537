"""What is proved of a program for every input, with the reference as the judge of every bound and every witness."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.analysis.interval import limited, settled_above, settled_below
from neurodeploy.analysis.proof import prove_program
from neurodeploy.analysis.reachability import reachable
from neurodeploy.analysis.witness import weights_back
from neurodeploy.document import plain_text
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.integer import decay, overflow
from neurodeploy.reference.program_runner import run_program
from neurodeploy.reference.synapse import weighted_sum
from neurodeploy.stimulus import Stimulus
from tests.proof.cases.bounds import count


def chain(weights, numerics=LOIHI2, inputs=None, loop=None, **fields):
    """An input, one population ``p``, and perhaps a loop onto it that is one step late."""
    weights = np.atleast_2d(weights)
    source = inputs or Input("in", (weights.shape[1],))
    bits = 1 if source.output.kind == "binary" else source.bits
    projections = [Projection("w", "in", "p", "dense", weights, message_bits=bits)]
    if loop is not None:
        projections.append(Projection("loop", "p", "p", "dense", np.atleast_2d(loop), delay=1))
    return Program(numerics, (source,), (Population("p", (len(weights),), **fields),), tuple(projections))


def every_run(program, steps):
    """The reference on every stimulus there is, of a few steps."""
    (source,) = program.inputs
    values = range(source.output.low, source.output.high + 1)
    runs = np.array(list(product(values, repeat=steps * source.size)))
    return run_program(program, Stimulus({"in": runs.reshape(-1, steps, *source.shape)}), states=True)


def only(program, quantity, ranges=None):
    (node,) = prove_program(program, ranges).nodes
    return next(claim for claim in node.claims if claim.quantity == quantity)


@pytest.mark.parametrize("reset", ["zero", "value", "subtract", "none"])
@pytest.mark.parametrize("decays", [(4096, 4096), (4096, 1000), (1500, 700), (4096, 0), (0, 4096)])
def test_the_interval_of_the_membrane_holds_for_every_run_and_is_nearly_reached(reset, decays):
    program = chain([[30, -20], [-9, 4]], INT32, current_decay=decays[0], membrane_decay=decays[1], threshold=40)
    population = replace(program.populations[0], reset=reset, reset_value=7)
    program = replace(program, populations=(population,))
    low, high = reachable(program)["p"].before
    before = every_run(program, 6)["p"].v_before
    assert np.all(low <= before)
    assert np.all(before <= high)
    if decays == (4096, 4096):
        assert before.min((0, 1)).tolist() == low.tolist()
        assert before.max((0, 1)).tolist() == high.tolist()


def test_a_reset_bounds_a_membrane_that_never_decays():
    program = chain([[30]], membrane_decay=0, threshold=100)
    assert only(program, "membrane").verdict == "proved"
    assert reachable(program)["p"].before[1].item() == (100 + 30) << 6
    assert only(chain([[30]], membrane_decay=0, reset="none"), "membrane").verdict != "proved"


def test_a_floor_bounds_what_inhibition_gathers():
    endless = chain([[30, -30]], membrane_decay=0, threshold=100)
    assert only(endless, "membrane").verdict == "not proved"
    assert only(chain([[30, -30]], membrane_decay=0, threshold=100, floor=-50), "membrane").verdict == "proved"


def test_a_witness_is_an_input_that_overflows_on_the_reference():
    program = chain([[254 << 9, 0]], current_decay=1000, threshold=1 << 16)
    claim = only(program, "current")
    assert claim.verdict == "witness"
    witness = claim.witness
    assert witness.value > witness.most == 1 << 23
    assert witness.replay(program)
    trace = run_program(program, witness.stimulus, states=True)
    assert trace.steps == witness.step + 1
    assert trace["p"].u[0, -1, 0] == witness.value - (1 << 24), "the current came back from the other side"
    mild = replace(program, projections=(replace(program.projections[0], weights=np.array([[2, 0]])),))
    assert not witness.replay(mild)
    assert only(mild, "current").verdict == "proved"


def test_the_summary_counts_nodes_and_neurons():
    proof = prove_program(chain([[254 << 9], [2]], current_decay=1000, threshold=1 << 16))
    assert proof.summary == "proved that no width is left, whatever the input: 0 of 1 nodes, 1 of 2 neurons"
    assert (proof["p"].proved_neurons, proof["p"].neurons) == (1, 2)
    assert proof.open == proof.nodes
    data = json.loads(json.dumps(proof.to_json()))
    assert data["nodes"]["p"]["current"]["verdict"] == "witness"
    assert data["nodes"]["p"]["current"]["witness"]["stimulus"]["in"][0] == [1.0]
    assert "p: current witness: " in plain_text(proof.blocks())
    assert "witness: " in proof._repr_html_()


def test_the_declared_range_of_an_input_counts():
    source = Input("in", (1,), scale=4, bits=8)
    program = chain([[1 << 12]], inputs=source, threshold=1 << 16)
    assert only(program, "current").verdict == "witness"
    assert only(program, "current", {"in": (0.0, 1.0)}).verdict == "proved"


def test_neurons_that_never_and_always_fire_are_told_with_their_inequality():
    program = chain([[20], [200]], INT32, threshold=np.array([30, 40]), bias=np.array([-5, 41]))
    firing = prove_program(program)["p"].firing
    assert (firing.never, firing.always) == (1, 1)
    assert prove_program(program).silent["p"].tolist() == [True, False]
    assert firing.never_because == "largest current 20 + bias -5 = 15 <= threshold 30"
    assert firing.always_because == "smallest current 0 + bias 41 = 41 > threshold 40"
    lines = firing.lines("p")
    assert lines[0] == "p: 1 of 2 neurons never fire: largest current 20 + bias -5 = 15 <= threshold 30"


def test_the_largest_membrane_of_a_leaky_neuron_is_the_value_at_which_it_settles():
    leaky = chain([[20]], INT32, threshold=39, membrane_decay=2048)
    because = prove_program(leaky)["p"].firing.never_because
    assert because == "largest current 20 + kept membrane 19 = 39 <= threshold 39"
    assert run_all_high(leaky).max() == 39
    assert prove_program(chain([[20]], INT32, threshold=38, membrane_decay=2048))["p"].firing.never == 0


def run_all_high(program):
    return run_program(program, Stimulus({"in": np.ones((1, 60, program.inputs[0].size))}), states=True)["p"].v_before


def test_a_loop_that_nothing_starts_stays_silent():
    program = chain([[10], [10]], threshold=50, loop=[[0, 90], [90, 0]])
    firing = prove_program(program)["p"].firing
    assert firing.never == 2
    started = chain([[60], [10]], threshold=50, loop=[[0, 90], [90, 0]])
    assert prove_program(started)["p"].firing.never == 0


def test_a_graded_loop_is_widened_and_its_bound_holds():
    population = Population("p", (1,), "li", membrane_decay=0, output=Output("graded", 24, True))
    loop = Projection("loop", "p", "p", "dense", np.array([[2]]), shift=-1, delay=1, message_bits=24)
    wire = Projection("w", "in", "p", "dense", np.array([[3]]))
    program = Program(LOIHI2, (Input("in", (1,)),), (population,), (wire, loop))
    low, high = reachable(program)["p"].sent
    assert high.item() == (1 << 23) - 1
    assert low.item() <= 0


def test_messages_of_silent_neurons_do_not_count():
    first = Population("a", (2,), threshold=np.array([5, 50]))
    second = Population("b", (1,), threshold=1)
    wires = (
        Projection("w", "in", "a", "dense", np.array([[10], [10]])),
        Projection("x", "a", "b", "dense", np.array([[100, 1 << 20]]), shift=0),
    )
    program = Program(INT32, (Input("in", (1,)),), (first, second), wires)
    assert reachable(program)["b"].before[1].item() == 100


def test_a_relay_that_may_clip_is_told():
    relay = Population("p", (1,), "relay", output=Output("graded", 3, signed=False))
    wire = Projection("w", "in", "p", "dense", np.array([[5, 4]]))
    claim = only(Program(LOIHI2, (Input("in", (2,)),), (relay,), (wire,)), "message")
    assert claim.verdict == "witness"
    assert (claim.witness.value, claim.witness.most) == (9, 7)


def test_events_are_bounded_at_every_partial_sum():
    """On xylo-v2 each event is clipped: a current that ends small may have been clipped on its way."""
    population = Population("p", (1,), current_decay=4, membrane_decay=4, threshold=10, compare=">=", reset="subtract")
    wire = Projection("w", "in", "p", "dense", np.array([[127, 127, -128, -128]]), shift=8, message_bits=4)
    program = Program(XYLO_V2, (Input("in", (4,), bits=4),), (population,), (wire,))
    claim = only(program, "current")
    assert claim.verdict == "witness"
    assert claim.witness.replay(program)


@settings(max_examples=60)
@given(st.integers(0, 4096), st.integers(-3000, 3000), st.integers(-9000, 9000))
def test_the_settled_value_is_the_smallest_that_no_step_leaves(amount, drive, start):
    def step(x):
        return np.clip(decay(x, amount, INT32) + drive, -10_000, 10_000)

    state = np.array([start])
    high, low = settled_above(step, state, 10_000), settled_below(step, state, -10_000)
    least = most = start
    for _ in range(30_000):
        following = step(state)
        if following == state:
            break
        state = following
        least, most = min(least, int(state[0])), max(most, int(state[0]))
    assert (int(low[0]), int(high[0])) == (least, most)


@settings(max_examples=60)
@given(st.sampled_from(["wrap", "wrap-once", "saturate", "clip"]), st.integers(-60, 60), st.integers(0, 60))
def test_a_width_leaves_nothing_outside_its_interval(rule, low, size):
    values = np.arange(low, low + size + 1)
    after = overflow(values, 5, rule)
    least, most = limited((values[:1], values[-1:]), 5, rule)
    assert least[0] <= after.min()
    assert after.max() <= most[0]
    if rule in ("saturate", "clip"):
        assert (least[0], most[0]) == (after.min(), after.max())


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_carrying_back_is_the_transpose_of_a_projection(seed):
    rng = np.random.default_rng(seed)
    groups, stride, padding, dilation = (int(n) for n in rng.integers(1, 3, 4))
    weights = rng.integers(-9, 10, (4, 2 // groups, 2, 3))
    window = {"stride": (stride, 1), "padding": (padding, 0), "dilation": (1, dilation), "groups": groups}
    conv = Projection("w", "a", "b", "conv2d", weights, message_bits=8, **window)
    pool = Projection("w", "a", "b", "sum-pool", np.ones((2, 2)), stride=(2, 1), message_bits=8)
    x = rng.integers(-9, 10, (1, 2, 6, 7))
    for projection in (conv, pool):
        y = weighted_sum(projection, x)[0]
        z = rng.integers(-9, 10, y.shape)
        assert (y * z).sum() == (x[0] * weights_back(projection, z.astype(float), x.shape[1:])).sum()


def test_no_run_leaves_a_bound_in_a_slice_of_the_long_count():
    counts = count(range(12))
    assert counts.failed == ()
    assert counts.tallies["proved nodes"] > counts.tallies["nodes"] // 3
    assert counts.tallies["never fire"]


def test_room_is_advised_only_where_the_scale_is_free():
    gathers = prove_program(chain([[250]], threshold=1 << 17, membrane_decay=1), witnesses=False)
    assert "room=membrane" in plain_text(gathers.blocks())
    assert "room=membrane" not in plain_text(replace(gathers, fixed=frozenset({"p"})).blocks())


def test_no_room_is_advised_for_a_membrane_that_never_decays():
    gathers = prove_program(chain([[-250]], threshold=1 << 17, membrane_decay=0), witnesses=False)
    assert gathers["p"].verdict == "not proved"
    assert "room=membrane" not in plain_text(gathers.blocks())
