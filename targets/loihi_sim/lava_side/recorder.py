"""Recorder: one process that writes what every population sends (and its states) to ``.npy`` files as they happen.

It also joins parts of a network that nothing else connects, so that one Lava run steps them all.
"""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false, reportUntypedClassDecorator=false
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from .window import Window


@dataclass(frozen=True)
class Tap:
    """What one port records: the file's stem, the shape, the window; ``state`` ports read a variable after the step."""

    stem: str
    shape: tuple[int, ...]
    window: Window
    state: bool


def recorder_classes(taps: list[Tap]) -> tuple[type, type]:
    """A process class with one port per tap, named ``port<i>``, and its model (Lava fixes ports per class)."""

    def initialize(self: Any, *, samples: int) -> None:
        super(process, self).__init__(taps=taps, samples=samples, name="recorder")
        for number, tap in enumerate(taps):
            setattr(self, f"port{number}", RefPort(shape=tap.shape) if tap.state else InPort(shape=tap.shape))

    process = type(AbstractProcess)("Recorder", (AbstractProcess,), {"__init__": initialize, "__module__": __name__})
    ports = {
        f"port{number}": LavaPyType(PyRefPort.VEC_DENSE if tap.state else PyInPort.VEC_DENSE, np.int32)
        for number, tap in enumerate(taps)
    }
    model = type("PyRecorderModel", (AbstractRecorderModel,), {**ports, "__module__": __name__})
    decorated = implements(proc=process, protocol=LoihiProtocol)(requires(CPU)(tag("fixed_pt")(model)))
    return process, decorated


class AbstractRecorderModel(PyLoihiProcessModel):
    """Writes rows ``[sample, step]``; columns outside a population's window are dropped."""

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.taps: list[Tap] = proc_params["taps"]
        self.samples: int = proc_params["samples"]
        self.reads_states = any(tap.state for tap in self.taps)
        self.files: dict[int, Any] = {}

    def run_spk(self) -> None:
        """Record the messages of this step."""
        for number, tap in enumerate(self.taps):
            if not tap.state:
                self.write(number, getattr(self, f"port{number}").recv())

    def post_guard(self) -> bool:
        """States are read after every step."""
        return self.reads_states

    def run_post_mgmt(self) -> None:
        """Record the states at the end of this step."""
        for number, tap in enumerate(self.taps):
            if tap.state:
                self.write(number, getattr(self, f"port{number}").read())

    def write(self, number: int, row: Any) -> None:
        """Put one row where it belongs."""
        tap = self.taps[number]
        if number not in self.files:
            shape = (self.samples, tap.window.steps, *tap.shape)
            path = f"{tap.stem}.npy"
            self.files[number] = np.lib.format.open_memmap(path, mode="w+", dtype=np.int32, shape=shape)
        place = tap.window.place(self.time_step - 1)
        if place is not None and place[0] < self.samples:
            self.files[number][place] = row
