"""The subject of a verb, a bundle or the Network of a source, and what each rung runs of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard, Unpack

from neurodeploy.bundle import Bundle, is_bundle, read_bundle
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.flow.arguments import LoadOptions
from neurodeploy.flow.exporting import lower, lower_program, numerics_of, quantize
from neurodeploy.flow.loading import network_from, no_loading
from neurodeploy.network.network import Network
from neurodeploy.passes.pipeline import pipeline_options
from neurodeploy.program.program import Program
from neurodeploy.target import Artifact, Options, Target, find_target, target_names

Subject = Bundle | Network
FLOAT_RUNGS = ("source", "network")
RUNGS = (*FLOAT_RUNGS, "program")


def open_subject(subject: Subject | str | Path | Any, **loading: Unpack[LoadOptions]) -> Subject:
    """A bundle, or the Network of a source; ``loading`` are arguments of ``load``, which only a source takes."""
    if isinstance(subject, Bundle):
        no_loading("a bundle", loading)
        return subject
    if is_bundle_path(subject):
        no_loading("a bundle", loading)
        return read_bundle(Path(subject))
    return network_from(subject, **loading)


def is_bundle_path(subject: object) -> TypeGuard[str | Path]:
    """Whether it is the path of a bundle."""
    return isinstance(subject, str | Path) and is_bundle(Path(subject))


def network_of(subject: Subject) -> Network:
    """The float network of a bundle or source."""
    return subject.network if isinstance(subject, Bundle) else subject


def own_target(bundle: Bundle) -> Target:
    """The target a bundle was made for. Raises UnavailableError where it is not installed."""
    if bundle.target not in target_names():
        problem = f"is made for the target {bundle.target!r}, which is not installed"
        raise UnavailableError(problem, str(bundle.path), "install the package that brings it, or run it --on program")
    return find_target(bundle.target)


def target_of(subject: Subject, name: str) -> Target:
    """The target that a rung names: a bundle's own, or an installed one. Raises as ``find_target`` does."""
    if isinstance(subject, Bundle) and subject.target == name:
        return own_target(subject)
    return find_target(name, "--on", RUNGS)


def program_of(subject: Subject, options: Options | None = None) -> Program:
    """The integers of a bundle, or of a source under the numerics that ``options`` name (loihi2 by default).

    Raises InputError for options of the quantizer with a bundle.
    """
    chosen = options or {}
    if isinstance(subject, Bundle):
        _no_quantization(chosen)
        return subject.program
    return quantize(subject, numerics_of(None, chosen), chosen).program


def artifact_of(
    subject: Subject, target: Target, options: Options | None = None, trust_sources: bool = False
) -> Artifact:
    """What ``target`` runs: a bundle's own artifact, or its program or a source's lowered now.

    Raises what ``lower`` raises; without ``trust_sources`` InputError for a bundle whose files for the target are not
    those that its program gives: the target would run them.
    """
    chosen = options or {}
    if isinstance(subject, Network):
        return lower(subject, target, chosen).artifact
    _no_quantization(chosen)
    if subject.target == target.name and not chosen:
        if not trust_sources:
            _refuse_foreign_sources(subject, target)
        return subject.artifact
    return lower_program(subject.program, target, chosen)


def _refuse_foreign_sources(bundle: Bundle, target: Target) -> None:
    """Raises InputError where a bundle's files for its target are not byte for byte what lowering gives."""
    known = {option.name for option in target.options}
    options = {key: value for key, value in bundle.options.items() if key in known}
    made, files = lower_program(bundle.program, target, options).files, bundle.artifact.files
    other = sorted(name for name in made.keys() | files.keys() if made.get(name) != files.get(name))
    if other:
        problem = "is not what its program gives, and to run the bundle would run it"
        remedy = "export the network again; or, for sources that you trust, add --trust-sources"
        raise InputError(problem, str(bundle.path / "target" / other[0]), remedy)


def _no_quantization(options: Options) -> None:
    for name in options.keys() & pipeline_options():
        raise InputError("a bundle is quantized already", f"-O {name}", "leave out the option, or give the source")
