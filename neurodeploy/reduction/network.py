"""The float network of a small program, so that it can stand in a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nir
import numpy as np

from neurodeploy.contract import Contract, Terms
from neurodeploy.host import Host
from neurodeploy.network.network import InputRange, Network
from neurodeploy.passes.as_network import as_network
from neurodeploy.program.program import Program


@dataclass(frozen=True, eq=False)
class _Original:
    """What a program without a network says of the one it could have been made from."""

    program: Program
    contract: Contract = field(default_factory=lambda: Contract(Terms()))
    host: Host = field(default_factory=Host)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Of the nodes."""
        return {"output": self.program.by_name[self.program.outputs[0]].shape}

    @property
    def nodes(self) -> Mapping[str, Any]:
        """The output alone."""
        return {"output": nir.Output({"output": np.array(self.shapes["output"])})}

    @property
    def order(self) -> Sequence[str]:
        """Inputs, and populations forward."""
        return (*self.program.input_by_name, *self.program.order)

    def sources(self, name: str) -> Sequence[str]:
        """What the output shows."""
        return self.program.outputs if name == "output" else ()

    def input_range(self, name: str) -> InputRange:
        """The values that its quantizer has."""
        node = self.program.input_by_name[name]
        step = 2.0**-node.scale
        return InputRange(node.output.low * step, node.output.high * step, step, declared=True)


def network_of_program(program: Program) -> Network:
    """The network that does what the program does. Raises RefusedError where there is none."""
    return as_network(program, _Original(program))
