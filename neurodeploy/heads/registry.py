"""Heads by name: those that come along, those of installed packages, and which of them fit a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from neurodeploy.errors import InputError, NeurodeployError, UnavailableError, choices
from neurodeploy.heads.built_in import BUILT_IN
from neurodeploy.heads.kind import BoundHead, HeadKind, Reading, Setting, Settings
from neurodeploy.network.network import Network
from neurodeploy.plugin import Plugins, find_plugins
from neurodeploy.task import TaskValue
from neurodeploy.trace import Trace

GROUP = "neurodeploy.heads"
WHERE = "--head"
CHUNK = 64
"""Steps of a trace that a head is given at once: its memory does not grow with the run."""


@dataclass(frozen=True, eq=False)
class ChosenHead:
    """A head, what it was told, and what it is of one network."""

    kind: HeadKind
    settings: Settings
    bound: BoundHead

    def read(self, trace: Trace) -> TaskValue:
        """What the head makes of a trace. Raises as ``open`` and what it gives do."""
        reading = self.open(trace.batch)
        reading.feed(trace)
        return reading.value()

    def open(self, batch: int) -> ChosenReading:
        """Begin a reading of so many samples. Raises UnavailableError where the head's own code fails."""
        return ChosenReading(self, _called(self.kind.name, "open", lambda: self.bound.open(batch)))


class ChosenReading:
    """A run under way that a chosen head reads, a few steps at a time however many it is given."""

    def __init__(self, chosen: ChosenHead, reading: Reading) -> None:
        self._chosen, self._reading = chosen, reading

    def feed(self, trace: Trace) -> None:
        """The next steps.

        Raises InputError for a trace without a node that the head reads, UnavailableError where its own code fails.
        """
        nodes, name = self._chosen.bound.nodes, self._chosen.kind.name
        missing = [node for node in nodes if node not in trace.entries]
        if missing:
            problem = f"the trace has no {', '.join(missing)}, which the head {name} reads"
            raise InputError(problem, WHERE, "run --on program, which records every node")
        for start in range(0, trace.steps, CHUNK):
            steps = slice(start, start + CHUNK)
            part = Trace({node: trace[node].part(slice(None), steps) for node in nodes})
            _called(name, "feed", lambda part=part: self._reading.feed(part))

    def value(self) -> TaskValue:
        """What the head makes of all steps so far. Raises UnavailableError where its own code fails."""
        value = _called(self._chosen.kind.name, "value", self._reading.value)
        return replace(value, head=self._chosen.kind.name, settings=self._chosen.settings)


def installed_heads() -> Plugins[HeadKind]:
    """The heads that come with neurodeploy, followed by those that installed packages register."""
    return find_plugins(GROUP, HeadKind, BUILT_IN)


def fitting_heads(network: Network) -> dict[str, HeadKind]:
    """The heads that fit a network, by name."""
    return {name: kind for name, kind in installed_heads().usable.items() if _fits(kind, network)}


def choose_head(text: str, network: Network) -> ChosenHead:
    """The head of a network that ``NAME[,KEY=VALUE...]`` names.

    Raises InputError for an unknown name or setting, and for a head that does not fit the network: it names those that
    do; UnavailableError for a plug-in that cannot be used.
    """
    name, *told = (part.strip() for part in text.split(","))
    heads = installed_heads()
    if name not in heads.reasons and name not in heads.usable:
        remedy = f"{choices(name, heads.usable, 'known')}; {_those_that_fit(network)}"
        raise InputError(f"unknown head {name!r}", WHERE, remedy)
    kind = heads.find(name, WHERE, "head")
    settings = dict(_settings(kind, told))
    try:
        bound = _called(name, "bind", lambda: kind.bind(network, settings))
    except InputError as error:
        remedy = f"{error.remedy}; {_those_that_fit(network)}"
        raise InputError(f"does not fit this network: {error.what}", f"{WHERE} {name}", remedy) from error
    return ChosenHead(kind, settings, bound)


def _those_that_fit(network: Network) -> str:
    return f"heads that fit this network: {', '.join(fitting_heads(network)) or 'none'}"


def _fits(kind: HeadKind, network: Network) -> bool:
    try:
        kind.bind(network, {})
    except Exception:  # an InputError says that it does not fit; code of others may fail in any way
        return False
    return True


def _settings(kind: HeadKind, told: list[str]) -> Iterator[tuple[str, float]]:
    known = {setting.name: setting for setting in kind.settings}
    for text in told:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"{text!r} is not key=value", WHERE, f"write e.g. {kind.name}{_example(known)}")
        if key not in known:
            raise InputError(f"the head {kind.name} has no setting {key!r}", WHERE, choices(key, known, "it has"))
        yield key, _number(known[key], value)


def _example(known: Mapping[str, Setting]) -> str:
    return f",{next(iter(known))}=1" if known else ": it has no settings"


def _number(setting: Setting, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or not setting.low <= value <= setting.high or (setting.whole and value != round(value)):
        kind = "whole number" if setting.whole else "number"
        ends = f" from {setting.low:g}" + (f" to {setting.high:g}" if isfinite(setting.high) else "")
        problem = f"{setting.name} = {text!r} is no {kind}{ends if isfinite(setting.low) else ''}"
        raise InputError(problem, WHERE, f"it is {setting.help}")
    return round(value) if setting.whole else value


def _called(name: str, part: str, call: Any) -> Any:
    """What a head's own code gives. Raises UnavailableError naming the head where it fails."""
    try:
        return call()
    except (NeurodeployError, MemoryError):
        raise
    except Exception as error:  # code of others may raise anything
        problem = f"its {part} failed with {type(error).__name__}{f': {error}' if str(error) else ''}"
        remedy = "report it to whoever wrote the head; NEURODEPLOY_DEBUG=1 shows where it happened"
        raise UnavailableError(problem, f"head {name}", remedy) from error
