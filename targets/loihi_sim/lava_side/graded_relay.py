"""GradedRelay: passes its summed input on as a graded message, shifted, rounded half to even and saturated.

Its input does not enter a 24-bit state, so it is not shifted by 6; sums and bias wrap at 32 bits as Lava's channels do.
"""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false, reportUntypedClassDecorator=false
from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from numpy.typing import NDArray

from .window import Window


class GradedRelay(AbstractProcess):
    """Parameters: ``shape``, ``shift``, ``low`` and ``high`` (saturation of the message), ``bias``, ``window``."""

    def __init__(
        self, *, shape: tuple[int, ...], shift: int, low: int, high: int, bias: Any, window: Window, name: str
    ) -> None:
        super().__init__(shift=shift, low=low, high=high, window=window, name=name)
        self.a_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)
        self.bias = Var(shape=shape, init=bias)


@implements(proc=GradedRelay, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyGradedRelayModel(PyLoihiProcessModel):
    """The fixed-point behavior."""

    a_in: Any = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    s_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    bias: Any = LavaPyType(np.ndarray, np.int32, precision=24)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.window: Window = proc_params["window"]
        self.shift: int = proc_params["shift"]
        self.low: int = proc_params["low"]
        self.high: int = proc_params["high"]

    def run_spk(self) -> None:
        """One step: silent outside the window; inside, the rounded sum."""
        total = self.a_in.recv().astype(np.int32) + self.bias
        if self.window.place(self.time_step - 1) is None:
            total = np.zeros_like(total)
            self.s_out.send(total)
            return
        message = np.clip(self.rounded(total.astype(np.int64)), self.low, self.high)
        self.s_out.send(message.astype(np.int32))

    def rounded(self, total: NDArray[np.int64]) -> NDArray[np.int64]:
        """Divide by 2**shift; a tie goes to the even neighbor."""
        if self.shift <= 0:
            return total << -self.shift
        unit = 1 << self.shift
        quotient, rest = total // unit, total % unit
        odd = quotient % 2
        return quotient + (2 * rest + odd > unit)
