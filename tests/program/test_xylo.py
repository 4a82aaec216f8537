"""What a Program under xylo-v2 may hold: everything else is refused by name, all at once."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurodeploy.errors import CapabilityError, InputError
from neurodeploy.flow.exporting import numerics_of
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.program import Output, Program
from neurodeploy.program.store import program_files, read_program
from neurodeploy.target import find_target
from tests.xylo.nets import net

BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "signed input": ("in", {"signed": True}, "a signed input has no events"),
    "wide input": ("in", {"bits": 5}, "an input of 5 bits, at most 4"),
    "relay": ("hidden", {"kind": "relay"}, "population kind relay"),
    "membrane readout": ("out", {"kind": "li"}, "population kind li"),
    "compare": ("hidden", {"compare": ">"}, "comparison >"),
    "reset": ("hidden", {"reset": "zero"}, "reset zero"),
    "floor": ("hidden", {"floor": 0}, "clamped"),
    "fire once": ("hidden", {"fire_once": True}, "fire-once"),
    "stateless": ("hidden", {"every_step": True}, "stateless"),
    "graded": ("out", {"output": Output("graded", 4)}, "graded messages"),
    "uncounted": ("hidden", {"output": Output()}, "several spikes per step in binary messages"),
    "spikes": ("hidden", {"max_spikes_per_step": 32}, "max_spikes_per_step 32 is outside 1..31"),
    "threshold": ("hidden", {"threshold": 0}, "threshold 0 is outside 1..32767"),
    "bias": ("out", {"bias": 1 << 15}, "bias 32768 is outside -32768..32767"),
    "decay": ("out", {"membrane_decay": 4096}, "membrane_decay 4096 is outside 0..15"),
    "decays": ("out", {"current_decay": np.arange(-1, 1)[[0, 1]]}, "current_decay -1 is outside 0..15"),
    "start": ("out", {"initial_membrane": -(1 << 15) - 1}, "initial_membrane -32769 is outside"),
    "weight": ("in-hidden", {"weights": np.full((1, 1), 128)}, "weight 128 is outside -128..127"),
    "shift": ("in-hidden", {"shift": 9}, "shift 9 is outside 0..8"),
    "shift down": ("in-hidden", {"shift": -1}, "shift -1 is outside 0..8"),
    "delay": ("hidden-out", {"delay": 2}, "delay 2 is outside 0..1"),
    "one bit": ("hidden-hidden", {"message_bits": 1}, "messages of 1 bits for 31 spikes"),
    "wide message": ("hidden-hidden", {"message_bits": 6}, "message_bits 6 is outside 1..5"),
    "window": ("in-hidden", {"kind": "sum-pool"}, "projection kind sum-pool"),
}


def broken(where: str, changes: dict[str, Any]) -> Program:
    program = net(1).program

    def change(nodes: tuple[Any, ...]) -> Any:
        return tuple(replace(each, **changes) if each.name == where else each for each in nodes)

    fields = ("inputs", "populations", "projections")
    return replace(program, **{field: change(getattr(program, field)) for field in fields})


@pytest.mark.parametrize("case", BROKEN)
def test_what_it_cannot_hold_is_refused(case: str) -> None:
    where, changes, message = BROKEN[case]
    with pytest.raises(CapabilityError, match="numerics xylo-v2: cannot hold this program") as refusal:
        broken(where, changes)
    assert any(message in each.message and where in each.node for each in refusal.value.findings), str(refusal.value)


def test_every_violation_is_told_at_once() -> None:
    with pytest.raises(CapabilityError, match="5 violations"):
        broken("hidden", {"compare": ">", "reset": "none", "threshold": -7, "bias": 99999, "membrane_decay": 16})


def test_other_machines_take_what_it_refuses() -> None:
    program = net(1).program
    wild = tuple(replace(p, threshold=0, reset="none") for p in program.populations)
    assert Program(INT32, program.inputs, wild, program.projections).numerics is INT32


def test_it_comes_back_from_its_files() -> None:
    program = net(1).program
    files = program_files(program)
    back = read_program(files)
    assert back.numerics is XYLO_V2
    assert [p.name for p in back.projections] == [p.name for p in program.projections]
    assert program_files(back) == files
    assert "xylo-v2" in repr(back)


@pytest.mark.parametrize("numerics", [LOIHI2, INT32], ids=["loihi2", "int32"])
def test_what_is_as_usual_is_not_stored(numerics: Any) -> None:
    assert len(numerics.to_json()) == 23
    assert type(numerics)(**numerics.to_json()) == numerics


def test_other_machines_do_not_have_it() -> None:
    with pytest.raises(InputError, match="has no numerics 'xylo-v2'"):
        numerics_of(find_target("loihi-sim"), {"numerics": "xylo-v2"})
