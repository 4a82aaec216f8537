"""HeldLIF: a current-based leaky integrate-and-fire process with what stock Lava lacks.

Written from the documented arithmetic of Lava's bit-accurate LIF (24-bit current that wraps once, 24-bit membrane
that saturates, 12-bit decays truncated toward zero, inputs and thresholds shifted by 6), with these additions:
a window per sample outside which nothing happens and nothing is sent, initial state at its start, ``>=``, reset to a
value or by subtraction or none, clamps of the membrane, fire-once, several spikes per step, a state that starts afresh
each step, and a membrane that is itself the message.
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

Int32 = NDArray[np.int32]
STATE_LIMIT = 1 << 23
UNITY = 1 << 12


class HeldLIF(AbstractProcess):
    """Parameters as of Lava's LIF, and ``u0``, ``v0`` (the initial state), ``window`` and ``rules``.

    ``vth``: one threshold, or one per neuron.

    ``rules``: ``at_threshold`` (fire at v == vth), ``reset`` (zero, value, subtract, none), ``reset_value``, ``low``
    and ``high`` (clamps or None), ``once``, ``most`` (spikes per step), ``afresh`` (state restored each step),
    ``analog`` (send v).
    """

    def __init__(
        self,
        *,
        shape: tuple[int, ...],
        du: int,
        dv: int,
        vth: Any,
        bias_mant: Any,
        bias_exp: Any,
        u0: Any,
        v0: Any,
        window: Window,
        rules: dict[str, Any],
        name: str,
    ) -> None:
        super().__init__(du=du, dv=dv, vth=vth, window=window, rules=rules, name=name)
        self.a_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)
        self.u = Var(shape=shape, init=0)
        self.v = Var(shape=shape, init=0)
        self.u0 = Var(shape=shape, init=u0)
        self.v0 = Var(shape=shape, init=v0)
        self.bias_mant = Var(shape=shape, init=bias_mant)
        self.bias_exp = Var(shape=shape, init=bias_exp)


@implements(proc=HeldLIF, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyHeldLifModel(PyLoihiProcessModel):
    """The fixed-point behavior, all states int32."""

    a_in: Any = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    s_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    u: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    v: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    u0: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    v0: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    bias_mant: Any = LavaPyType(np.ndarray, np.int32, precision=13)
    bias_exp: Any = LavaPyType(np.ndarray, np.int32, precision=3)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.window: Window = proc_params["window"]
        self.rules: dict[str, Any] = proc_params["rules"]
        self.keep_u: int = UNITY - (proc_params["du"] + 1)
        self.keep_v: int = UNITY - proc_params["dv"]
        self.threshold: Int32 = np.left_shift(np.asarray(proc_params["vth"], np.int32), 6)
        self.spent: NDArray[np.bool_] | None = None

    def run_spk(self) -> None:
        """One step: hold outside the window; inside, integrate, clamp, fire, reset, send."""
        activation = self.a_in.recv().astype(np.int32)
        place = self.window.place(self.time_step - 1)
        if place is None:
            self.s_out.send(np.zeros(self.v.shape, dtype=np.int32))
            return
        if place[1] == 0:
            self.spent = np.zeros(self.v.shape, dtype=bool)
        if place[1] == 0 or self.rules["afresh"]:
            self.u[:], self.v[:] = self.u0, self.v0
        self.integrate(activation)
        if self.rules["analog"]:
            self.s_out.send(self.v.copy())
            return
        spikes = self.fire()
        self.reset(spikes)
        self.s_out.send(spikes)

    def integrate(self, activation: Int32) -> None:
        """Current and membrane, in the order and widths of the stock model."""
        u = self.decayed(self.u, self.keep_u) + np.left_shift(activation, 6)
        u = np.where(u > STATE_LIMIT, u - 2 * STATE_LIMIT, np.where(u <= -STATE_LIMIT, u + 2 * STATE_LIMIT, u))
        self.u[:] = u
        bias = np.left_shift(self.bias_mant, self.bias_exp)
        v = self.decayed(self.v, self.keep_v) + self.u + bias
        v = np.clip(v, 1 - STATE_LIMIT, STATE_LIMIT - 1)
        low, high = self.rules["low"], self.rules["high"]
        if low is not None:
            v = np.maximum(v, low << 6)
        if high is not None:
            v = np.minimum(v, high << 6)
        self.v[:] = v

    @staticmethod
    def decayed(state: Int32, keep: int) -> Int32:
        """The state times keep / 4096, its magnitude rounded down."""
        product = state.astype(np.int64) * keep
        return (np.sign(product) * (np.abs(product) >> 12)).astype(np.int32)

    def fire(self) -> Int32:
        """Number of spikes per neuron."""
        crossed = self.v >= self.threshold if self.rules["at_threshold"] else self.v > self.threshold
        spikes = crossed.astype(np.int32)
        if self.rules["most"] > 1:
            reach = self.v if self.rules["at_threshold"] else self.v - 1
            thresholds = reach // np.maximum(self.threshold, 1)
            spikes = np.where(crossed, np.clip(thresholds, 1, self.rules["most"]), 0).astype(np.int32)
        if self.rules["once"] and self.spent is not None:
            spikes[self.spent] = 0
            self.spent |= spikes > 0
        return spikes

    def reset(self, spikes: Int32) -> None:
        """The membrane after the spikes of this step."""
        if self.rules["reset"] == "zero":
            self.v[spikes > 0] = 0
        elif self.rules["reset"] == "value":
            self.v[spikes > 0] = self.rules["reset_value"] << 6
        elif self.rules["reset"] == "subtract":
            self.v[:] = self.v - spikes * self.threshold
