"""Program against target: every integer, in causal order, with the guilty node told from its victims."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import UnavailableError
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.rung import Rung
from neurodeploy.program import Input, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.parity.networks import chain, neuron, noise, steps, with_weights

RNG = np.random.default_rng(5)
LAYERS = [RNG.integers(-4, 14, (4, 4)) * 8 for _ in range(3)]


def judge(program: Program, stimulus, actual: Trace, sick: Program | None = None, allow=()) -> Rung:
    """The rung to a target that did ``actual`` and, fed with other inputs, does what ``sick`` does."""
    return exact_rung(
        program,
        "target",
        run_program(program, stimulus, states=True),
        actual,
        allow,
        {},
        lambda trace: run_program(program, stimulus, states=True, drive=trace),
        None if sick is None else lambda trace: run_program(sick, stimulus, states=True, drive=trace),
        INDEPENDENT,
        seconds=0,
    )


def against(program: Program, sick: Program, stimulus, states: bool = True) -> Rung:
    return judge(program, stimulus, run_program(sick, stimulus, states=states), sick)


def changed(trace: Trace, node: str, **fields) -> Trace:
    return Trace({**trace.entries, node: replace(trace[node], **fields)})


def off(array: np.ndarray, index: tuple[int, ...], by: float = 1) -> np.ndarray:
    copy = array.copy()
    copy[index] += by
    return copy


def test_equal_integers_agree_whatever_their_type() -> None:
    program, given = chain(*LAYERS), noise(4)
    trace = run_program(program, given, states=True)
    small = Trace({name: replace(entry, output=entry.output.astype(np.uint8)) for name, entry in trace.entries.items()})
    rung = judge(program, given, small)
    assert (rung.verdict, rung.policy, rung.first_divergence) == ("agree", "exact", None)
    assert all(node.expected_spikes and node.state_mismatches == 0 for node in rung.nodes.values())
    assert {node.isolated_mismatches for node in rung.nodes.values()} == {None}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("by", [1, -1, 0.5, float("nan")])
def test_one_differing_number_of_any_layer_diverges(by: float) -> None:
    program, given = chain(*LAYERS), noise(4, samples=2)
    trace = run_program(program, given)
    output = off(trace["l2"].output.astype(type(by)), (1, 7, 2), by)
    rung = judge(program, given, changed(trace, "l2", output=output))
    first = rung.first_divergence
    assert rung.verdict == "diverged" and first is not None
    assert (first.node, first.sample, first.step, first.neuron) == ("l2", 1, 7, (2,))
    assert {name for name, node in rung.nodes.items() if node.mismatches} == {"l2"}
    assert rung.reasons == ("l2: 1 of 320 cells differ",)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([("l1", 0, 9, 0), ("l3", 0, 8, 0)], ("l3", 0, 8, 0)),  # the earlier step
        ([("l3", 0, 8, 0), ("l1", 1, 8, 3)], ("l1", 1, 8, 3)),  # then the earlier layer
        ([("l2", 1, 8, 0), ("l2", 0, 8, 3)], ("l2", 0, 8, 3)),  # then the earlier sample
        ([("l2", 0, 8, 3), ("l2", 0, 8, 1)], ("l2", 0, 8, 1)),  # then the neuron
        ([("l2", 0, 8, 3), ("l2", 1, 7, 3)], ("l2", 1, 7, 3)),
    ],
)
def test_the_first_divergence_is_the_earliest_cause(cells, found) -> None:
    program, given = chain(*LAYERS), noise(4, samples=2)
    actual = run_program(program, given)
    for node, *index in cells:
        actual = changed(actual, node, output=off(actual[node].output, tuple(index)))
    first = judge(program, given, actual).first_divergence
    assert first is not None
    assert (first.node, first.sample, first.step, *first.neuron) == found


@pytest.mark.parametrize(("field", "quantity"), [("v", "membrane"), ("u", "current")])
def test_states_count_where_both_sides_recorded_them(field: str, quantity: str) -> None:
    program, given = chain(*LAYERS), noise(4)
    trace = run_program(program, given, states=True)
    state = getattr(trace["l2"], field)
    rung = judge(program, given, changed(trace, "l2", **{field: off(state, (0, 5, 1), 64)}))
    first = rung.first_divergence
    assert rung.verdict == "diverged" and first is not None
    assert (first.quantity, first.step, first.neuron) == (quantity, 5, (1,))
    assert (first.expected, first.actual) == (state[0, 5, 1], state[0, 5, 1] + 64)
    assert (rung.nodes["l2"].mismatches, rung.nodes["l2"].state_mismatches) == (0, 1)
    assert rung.reasons == ("l2: same output, 1 membranes or currents differ",)
    unrecorded = judge(program, given, changed(trace, "l2", v=None, u=None))
    assert (unrecorded.verdict, unrecorded.nodes["l2"].state_mismatches) == ("agree", None)


@pytest.mark.parametrize("fields", [{"scale": 1}, {"state_scale": 0}])
def test_another_scale_differs_in_every_cell(fields: dict[str, int]) -> None:
    program, given = chain(*LAYERS), noise(4)
    trace = run_program(program, given, states=True)
    node = judge(program, given, changed(trace, "l1", **fields)).nodes["l1"]
    assert max(node.mismatches, node.state_mismatches or 0) == node.cells == 160


def test_the_isolated_run_names_the_guilty_node_and_clears_its_victims() -> None:
    program, given = chain(*LAYERS), noise(4, 60)
    rung = against(program, with_weights(program, "w2", -LAYERS[1]), given)
    cascaded = {name: node.mismatches for name, node in rung.nodes.items()}
    isolated = {name: node.isolated_mismatches for name, node in rung.nodes.items()}
    assert cascaded["l1"] == 0 and cascaded["l2"] > 0 and cascaded["l3"] > 0
    assert isolated["l1"] == isolated["l3"] == 0
    assert isolated["l2"] is not None and isolated["l2"] > 0
    assert rung.first_divergence is not None and rung.first_divergence.node == "l2"


def test_a_node_guilty_in_its_membrane_alone_is_named_too() -> None:
    """Nothing but a never reached threshold hides the changed weight."""
    program = chain([[64]], [[8]], threshold=32)
    sick = with_weights(program, "w2", [[9]])
    rung = against(program, sick, steps(1, 1, 1))
    assert {name: node.mismatches for name, node in rung.nodes.items()} == {"l1": 0, "l2": 0}
    assert (rung.nodes["l1"].isolated_mismatches, rung.nodes["l2"].isolated_mismatches) == (0, 3)


def test_a_guilty_node_had_the_right_inputs_and_a_victim_had_others() -> None:
    program, given = chain([[80]], [[80]]), steps(1, 1, 1)
    guilty = against(program, with_weights(program, "w2", [[8]]), given).nodes["l2"].first
    assert guilty is not None
    assert guilty.inputs == {"l1": (1, 1)}
    assert guilty.expected_membrane == guilty.actual_membrane == 80 * 64
    assert (guilty.threshold, guilty.margin_lsb) == (64 * 64, 16 * 64)
    victim = against(program, with_weights(program, "w1", [[8]]), given).nodes["l2"].first
    assert victim is not None
    assert victim.inputs == {"l1": (1, 0)}
    assert (victim.expected_membrane, victim.actual_membrane) == (80 * 64, 0)


def diamond() -> Program:
    """Two lines into ``cell``, at once over the first synapse of each row and two steps later over both."""
    return Program(
        LOIHI2,
        (Input("input", (2,)),),
        (neuron("cell", 1, 64),),
        (
            Projection("now", "input", "cell", "dense", np.array([[16, 0]])),
            Projection("later", "input", "cell", "dense", np.array([[16, 16]]), delay=2),
        ),
    )


def test_messages_count_when_they_arrive_and_at_the_neuron_they_reach() -> None:
    """Steps 0 to 2 bring 1, 1 and 1 + 2 messages: a synapse of weight 0 carries none."""
    program, given = diamond(), {"input": np.ones((1, 3, 2))}
    trace = run_program(program, given)
    for step, arrived in enumerate((1, 1, 3)):
        first = judge(program, given, changed(trace, "cell", output=off(trace["cell"].output, (0, step, 0)))).nodes
        assert first["cell"].first is not None
        assert first["cell"].first.inputs == {"input": (arrived, arrived)}


def test_a_loop_that_is_guilty_is_shown_before_its_own_mistake_returns() -> None:
    program = replace(chain([[80]]), projections=(*chain([[80]]).projections, _loop(-16)))
    first = against(program, replace(program, projections=(program.projections[0], _loop(16))), steps(1, 1, 0)).nodes
    assert first["l1"].first is not None
    assert first["l1"].first.inputs == {"input": (1, 1), "l1": (1, 1)}
    assert first["l1"].first.expected_membrane == first["l1"].first.actual_membrane == 64 * 64


def _loop(weight: int) -> Projection:
    return Projection("loop", "l1", "l1", "dense", np.array([[weight]]), delay=1)


def test_a_target_that_keeps_no_record_of_its_inputs_is_judged_all_the_same() -> None:
    program, given = chain(*LAYERS), noise(4)
    trace = run_program(with_weights(program, "w1", -LAYERS[0]), given)
    own = Trace({name: entry for name, entry in trace.entries.items() if name in program.by_name})
    first = judge(program, given, own).first_divergence
    assert first is not None and first.node == "l1"


def test_what_was_compared_is_part_of_the_verdict() -> None:
    program, stimulus = chain(*LAYERS), noise(4)
    complete = judge(program, stimulus, run_program(program, stimulus, states=True))
    assert (complete.verdict_words, complete.claim, str(complete.scope)) == ("agree", "exact", "outputs and states")
    outputs = judge(program, stimulus, run_program(program, stimulus))
    assert (outputs.verdict, outputs.verdict_words, outputs.claim) == ("agree", "agree (outputs)", "")
    trace = run_program(program, stimulus, states=True)
    some = judge(program, stimulus, changed(trace, "l2", u=None))
    assert some.verdict_words == "agree (outputs, and states of 2 of 3 populations)"
    assert some.to_json()["compared"] == {
        "samples": 1,
        "steps": 40,
        "with_states": ("l1", "l3"),
        "without_states": ("l2",),
        "part": "",
        "quantities": "outputs, and states of 2 of 3 populations",
    }


@pytest.mark.parametrize("guilty", ["w2", "w3"])
def test_a_target_that_ignores_its_feed_is_not_isolated_and_the_guilty_node_is_named_all_the_same(guilty: str) -> None:
    """Where the last layer alone is wrong, feeding the others changes nothing, and its count stands."""
    program, stimulus = chain(*LAYERS), noise(4, 60)
    sick = with_weights(program, guilty, -LAYERS[int(guilty[1]) - 1])
    actual = run_program(sick, stimulus, states=True)
    rung = exact_rung(
        program,
        "deaf",
        run_program(program, stimulus, states=True),
        actual,
        (),
        {},
        lambda trace: run_program(program, stimulus, states=True, drive=trace),
        lambda trace: actual,
        INDEPENDENT,
    )
    local = {name: bool(node.local_mismatches) for name, node in rung.nodes.items()}
    assert local == {"l1": False, "l2": guilty == "w2", "l3": guilty == "w3"}
    isolated = {node.isolated_mismatches is None for node in rung.nodes.values()}
    assert (isolated, bool(rung.notes)) == (({True}, True) if guilty == "w2" else ({False}, False))
    assert all("ignores the inputs that an isolated run feeds" in note for note in rung.notes)


def test_a_target_that_cannot_be_fed_says_so_beside_its_divergence() -> None:
    program, stimulus = chain(*LAYERS), noise(4)
    sick = with_weights(program, "w2", -LAYERS[1])

    def refuses(trace: Trace) -> Trace:
        raise UnavailableError("its run failed with TypeError: drive", "target target")

    rung = exact_rung(
        program,
        "target",
        run_program(program, stimulus, states=True),
        run_program(sick, stimulus),
        (),
        {},
        lambda trace: run_program(program, stimulus, states=True, drive=trace),
        refuses,
        INDEPENDENT,
    )
    assert rung.verdict == "diverged" and "TypeError: drive" in rung.notes[0]
    assert rung.nodes["l2"].local_mismatches and not rung.nodes["l3"].local_mismatches


def test_records_of_another_shape_are_an_error_of_the_target() -> None:
    program, given = chain(*LAYERS), noise(4)
    trace = run_program(program, given)
    short = changed(trace, "l2", output=trace["l2"].output[:, :1])
    with pytest.raises(UnavailableError, match=r"target target: .* l2.output has shape \(1, 1, 4\), not \(1, 40, 4\)"):
        judge(program, given, short)


def test_agreement_on_silence_is_inconclusive() -> None:
    program, given = chain([[80]], [[8]]), steps(1, 0)
    trace = run_program(program, given)
    rung = judge(program, given, trace)
    assert (rung.verdict, rung.reasons) == ("inconclusive", ("never fires: l2",))
    assert judge(program, given, trace, allow=["l2"]).verdict == "agree"
    assert judge(program, given, changed(trace, "l2", output=trace["l2"].output + 1)).verdict == "diverged"
