"""Nodes that are fed drawn messages, each by itself, show faults that hide behind the layers before them."""

from dataclasses import replace

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.encoding import LeakyIntegrateAndFire
from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.flow.drawing import Feeding
from neurodeploy.flow.encoder import with_encoder
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace


def deep() -> nd.Network:
    """A layer that always fires all at once before one that would have to get 3 of 4 spikes to lie on its threshold."""
    build = NetworkBuilder()
    start = build.input("input", (1,), InputRange(0.0, 1.0, 1.0, declared=True))
    first = build.integrate("first", build.linear("in", start, np.full((4, 1), 2.0)), 1.0, reset="zero")
    last = build.integrate("last", build.linear("on", first, np.ones((1, 4))), 3.0, reset="zero")
    build.output("output", last)
    return build.build()


NETWORK = deep()
PROGRAM = nd.quantize(NETWORK, numerics="loihi2").program


def chip(does) -> Target:
    """The fixed target with another runner: ``does(program, stimulus, states, drive)``."""

    def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
        return replace(does(artifact.program, stimulus, states, drive), evidence=INDEPENDENT)

    return replace(find_target("fixed"), name="chip", run=run, opens=None)


def on_ties(program, stimulus, states, drive) -> Trace:
    """A machine that decides ties of the node ``last`` the other way."""
    wrong = {">": ">=", ">=": ">"}
    populations = tuple(replace(p, compare=wrong[p.compare]) if p.name == "last" else p for p in program.populations)
    return run_program(replace(program, populations=populations), stimulus, states, drive)


def fed(target: Target, states: bool = True) -> Feeding:
    feeding = Feeding.of(NETWORK, PROGRAM, 0)
    feeding.feed(target, Artifact(PROGRAM), states)
    return feeding


def test_a_fault_behind_a_layer_that_fires_as_one_shows() -> None:
    told = fed(chip(on_ties)).fed["chip"]
    assert (told.took, told.same) == (True, False)
    assert "; " not in told.words and "last: output of neuron (0,)" in told.words


def test_a_target_without_it_is_the_same_and_the_check_says_so() -> None:
    report = nd.check(NETWORK, "auto", targets=["fixed"], steps=6)
    assert report.verdict == "agree"
    (note,) = [note for note in report.rungs[-1].notes if "drawn" in note]
    assert note.startswith("every node alone, on drawn messages (") and note.endswith("): the same")


def test_what_drawn_messages_show_counts_as_noticed_and_as_exercised() -> None:
    plain, drawn = (nd.check(NETWORK, "auto", targets=["fixed"], steps=6, drawn=on) for on in (False, True))
    blind = {rule.term for rule in plain.adequacy["last"].blind}
    assert "tie rule" in blind
    assert "tie rule" not in {rule.term for rule in drawn.adequacy["last"].blind}
    assert "a membrane on the threshold" in plain.not_covered["last"]
    assert "a membrane on the threshold" not in drawn.not_covered.get("last", ())


@pytest.mark.parametrize("reason", ["ignores", "refuses"])
def test_a_target_that_cannot_be_fed_says_so_and_nothing_counts(reason: str) -> None:
    def does(program, stimulus, states, drive) -> Trace:
        if reason == "refuses" and drive is not None:
            raise UnavailableError("has no inputs inside", "chip", "none")
        return run_program(program, stimulus, states)

    feeding = fed(chip(does))
    told = feeding.fed["chip"]
    assert (told.took, told.same, feeding.counts) == (False, True, False)
    assert told.words.startswith("no drawn messages were fed: ")


def test_without_a_search_messages_are_drawn_where_that_is_asked_for() -> None:
    notes = {
        drawn: any("drawn" in n for n in nd.check(NETWORK, targets=["fixed"], steps=6, drawn=drawn).rungs[-1].notes)
        for drawn in (None, True, False)
    }
    assert notes == {None: False, True: True, False: False}


def test_messages_for_an_encoder_are_refused() -> None:
    encoder = DeployedEncoder(LeakyIntegrateAndFire(0.4, 0.5, bipolar=False), (-1.0,), (1.0,))
    with pytest.raises(InputError, match="an encoder makes this network's input"):
        Feeding.of(with_encoder(NETWORK, encoder), PROGRAM, 0)
