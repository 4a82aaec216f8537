"""The parts of a network that run on the host, not on the chip: data from a closed list, never code.

``pre`` turns signals into the network's input, ``post`` turns the output trace into a task value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Head:
    """A named read-out over the trace of ``node``, with its parameters (numbers and strings) and weights (arrays).

    ``kind`` is one of ``neurodeploy.heads.HEADS``, which are data alone; heads of packages read runs, not files.
    """

    kind: str
    node: str
    parameters: Mapping[str, float | int | str] = field(default_factory=dict[str, float | int | str])
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict[str, NDArray[np.float32]])

    def to_json(self) -> dict[str, Any]:
        """Everything but the weights, as plain data."""
        return {"kind": self.kind, "node": self.node, "parameters": dict(self.parameters)}

    @staticmethod
    def of(plain: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> Head:
        """The head that ``to_json`` told of, with its weights. Raises KeyError where something is missing."""
        floats = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        return Head(plain["kind"], plain["node"], plain["parameters"], floats)


@dataclass(frozen=True, eq=False)
class HostEncoder:
    """A deployed encoder in front of the input ``node``, as plain data.

    It takes ``features`` signals; its channels are, row-major, the values that the input sends. ``settings`` is the
    JSON of a ``neurodeploy.encoding.deployed.DeployedEncoder``: method, parameters, range and bits of a sample.
    """

    node: str
    features: int
    settings: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))

    @staticmethod
    def of(plain: Mapping[str, Any]) -> HostEncoder:
        """The encoder that ``to_json`` told of. Raises KeyError, TypeError or ValueError for anything else."""
        return HostEncoder(str(plain["node"]), int(plain["features"]), plain["settings"])


@dataclass(frozen=True, eq=False)
class Host:
    """The host side of a network: an optional ``post`` head, and an optional encoder, ``pre``.

    Input quantizers live with the Program's inputs.
    """

    post: Head | None = None
    pre: HostEncoder | None = None
