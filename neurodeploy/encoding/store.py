"""Coders as JSON, and spikes as files that carry their coder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.atomic import write_file
from neurodeploy.encoding.bens_spiker import BensSpiker
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.gymnasium import Gymnasium
from neurodeploy.encoding.latency import Latency
from neurodeploy.encoding.leaky import LeakyIntegrateAndFire
from neurodeploy.encoding.parameters import fields_of, shown
from neurodeploy.encoding.population import Population
from neurodeploy.encoding.pulse_width import PulseWidth
from neurodeploy.encoding.rate import Rate
from neurodeploy.encoding.step_forward import Delta, StepForward
from neurodeploy.errors import InputError, choices
from neurodeploy.html import fragment, html_table
from neurodeploy.reading import parse_json, read_npz
from neurodeploy.table import dimensions

CODERS: Mapping[str, Any] = {
    coder.kind: coder
    for coder in (
        StepForward,
        LeakyIntegrateAndFire,
        PulseWidth,
        BensSpiker,
        Population,
        Gymnasium,
        Rate,
        Latency,
        Delta,
    )
}
"""Coders by kind."""


def coder_json(coder: Coder) -> dict[str, Any]:
    """A coder as JSON: its kind and its parameters."""
    return {"kind": coder.kind, **fields_of(coder)}


def coder_from_json(data: Any, where: str = "coder") -> Any:
    """The coder that ``coder_json`` wrote. Raises InputError for an unknown kind, unknown or wrong parameters."""
    if not isinstance(data, Mapping) or data.get("kind") not in list(CODERS):  # it may be of any type
        raise InputError("names no coder", where, f"give a kind: {', '.join(CODERS)}")
    return make_coder(data["kind"], {name: value for name, value in data.items() if name != "kind"}, where)


def make_coder(kind: str, parameters: Mapping[str, Any], where: str = "coder") -> Any:
    """A coder by kind. Raises InputError for an unknown kind, unknown or wrong parameters."""
    if kind not in CODERS:
        raise InputError(f"unknown method {kind!r}", where, choices(kind, CODERS))
    known = [field.name for field in fields(CODERS[kind])]
    strange = sorted(parameters.keys() - set(known))
    if strange:
        raise InputError(f"{kind} has no parameter {strange[0]!r}", where, choices(strange[0], known, "it has"))
    try:
        return CODERS[kind](**parameters)
    except (TypeError, ValueError) as error:
        raise InputError(f"{kind} cannot be made: {error}", where, f"it has: {', '.join(known)}") from error


@dataclass(frozen=True, eq=False)
class Encoded:
    """Spikes with what decodes them: the coder, and the first value of every signal."""

    spikes: NDArray[np.int8]
    coder: Any
    initial: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"Encoded({np.count_nonzero(self.spikes)} spikes {dimensions(self.spikes.shape)}, {self.coder!r})"

    def _repr_html_(self) -> str:
        rows = [("spikes", f"{np.count_nonzero(self.spikes)} in {dimensions(self.spikes.shape)}")]
        rows += [(name, shown(value)) for name, value in coder_json(self.coder).items() if value is not None]
        return fragment(html_table("encoded signal", ("", ""), rows))

    def decode(self) -> NDArray[np.float32]:
        """The signal. Raises InputError where the coder has no inverse."""
        if not hasattr(self.coder, "decode"):
            raise InputError(f"{self.coder.kind} has no inverse", "decode", "choose another method to encode with")
        return self.coder.decode(self.spikes, initial=self.initial)

    def save(self, path: Path) -> None:
        """Write an ``.npz``. Raises EnvironmentFailureError."""
        write_file(path, self.write)

    def write(self, file: IO[bytes]) -> None:
        """Write an ``.npz`` into an open file."""
        arrays = {"spikes": self.spikes, "initial": self.initial, "coder": np.array(json.dumps(coder_json(self.coder)))}
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Encoded:
        """Read what ``save`` wrote. Raises InputError for a file that is none."""
        what, remedy = "holds no encoded signal", "give the .npz that encode wrote"
        arrays = read_npz(path, what, remedy)
        lacking = [name for name in ("spikes", "initial", "coder") if name not in arrays]
        if lacking:
            raise InputError(f"{what}: it lacks {lacking[0]}", str(path), remedy)
        data = parse_json(str(arrays["coder"]), dict[str, Any], str(path), what, remedy)
        return cls(arrays["spikes"], coder_from_json(data, str(path)), arrays["initial"])
