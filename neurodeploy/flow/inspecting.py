"""What a model, a bundle or a trace holds, as one value that shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.analysis.proof import Proof
from neurodeploy.bundle import Bundle
from neurodeploy.errors import InputError
from neurodeploy.flow.arguments import LoadOptions, spell_out, texts
from neurodeploy.flow.exporting import Lowered, lower
from neurodeploy.flow.loading import load
from neurodeploy.flow.plain import bundle_json, network_json, program_json, trace_json
from neurodeploy.flow.proving import proof_of
from neurodeploy.flow.subject import Subject, network_of, open_subject
from neurodeploy.heads import fitting_heads
from neurodeploy.network.network import Network
from neurodeploy.program.program import Program
from neurodeploy.target import Target, find_target
from neurodeploy.trace import Trace


@dataclass(frozen=True, eq=False)
class Inspection:
    """A model, bundle or trace; and, where a target was named, a model's integers for it."""

    subject: Network | Bundle | Trace
    lowered: Lowered | None = None

    @property
    def layers(self) -> list[dict[str, Any]]:
        """What quantization did to every layer, as plain data."""
        return [] if self.lowered is None else [asdict(layer) for layer in self.lowered.layers]

    @property
    def neurons(self) -> list[dict[str, Any]]:
        """What quantization did to every neuron, as plain data."""
        return [] if self.lowered is None else [neuron.to_json() for neuron in self.lowered.neurons]

    @property
    def program(self) -> Program | None:
        """The integers of a bundle, or of a model for the target that was named."""
        if isinstance(self.subject, Bundle):
            return self.subject.program
        return None if self.lowered is None else self.lowered.artifact.program

    @cached_property
    def heads(self) -> dict[str, str]:
        """The heads that runs of a model or bundle can be read out by (``run --head``), with what each gives."""
        if isinstance(self.subject, Trace):
            return {}
        return {name: kind.summary for name, kind in fitting_heads(network_of(self.subject)).items()}

    @cached_property
    def proof(self) -> Proof | None:
        """What is proved of these integers, for every input that the network declares."""
        if self.program is None or isinstance(self.subject, Trace):
            return None
        return proof_of(network_of(self.subject), self.program)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``inspect --json`` prints it."""
        if isinstance(self.subject, Trace):
            return trace_json(self.subject)
        if isinstance(self.subject, Bundle):
            return bundle_json(self.subject) | {"heads": self.heads} | self._proof_json()
        data = network_json(self.subject) | {"heads": self.heads}
        if self.lowered is not None:
            program = program_json(self.lowered.artifact.program)
            data |= {"program": program, "layers": self.layers, "neurons": self.neurons} | self._proof_json()
        return data

    def _proof_json(self) -> dict[str, Any]:
        return {} if self.proof is None else {"proof": self.proof.to_json()}

    def _parts(self) -> list[Network | Bundle | Trace | Program]:
        return [self.subject, *([] if self.lowered is None else [self.lowered.artifact.program])]

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._parts()))

    def _repr_html_(self) -> str:
        parts = [*self._parts(), *([] if self.proof is None else [self.proof])]
        return "".join(part._repr_html_() for part in parts)  # pyright: ignore[reportPrivateUsage]  # IPython's name


@spell_out(load)
def inspect(
    path: Subject | Trace | str | Path,
    target: str | Target | None = None,
    options: Mapping[str, object] | None = None,
    **loading: Unpack[LoadOptions],
) -> Inspection:
    """What a model, bundle or trace holds.

    Args:
        path: a trace (``.npz``), a bundle, or what ``load`` takes together with the arguments of ``load``.
        target: show a model's integers for this target too; ``options`` as ``export`` takes them.

    Raises:
        InputError: for a file that is none of these, and for a target with a bundle or a trace. Also what ``load`` and
            ``lower`` raise.

    Example:
        >>> nd.inspect("model.nir", target="fixed")
    """
    if isinstance(target, str):
        find_target(target)
    if isinstance(path, str | Path) and Path(path).suffix == ".npz" and Path(path).is_file():
        _source_only(target, options)
        return Inspection(Trace.load(Path(path)))
    opened = path if isinstance(path, Trace) else open_subject(path, **loading)
    if not isinstance(opened, Network):
        _source_only(target, options)
        return Inspection(opened)
    return Inspection(opened, None if target is None else lower(opened, target, texts(options)))


def _source_only(target: str | Target | None, options: Mapping[str, object] | None) -> None:
    if target is not None or options:
        option = "--target" if target is not None else "-O"
        raise InputError("shows a source as integers, and this is none", option, "leave out the option")
