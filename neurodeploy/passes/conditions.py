"""What holds of a draft between two stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from neurodeploy.passes.draft import Draft
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.resets import is_late
from neurodeploy.passes.stage import Condition
from neurodeploy.passes.values import Values
from neurodeploy.program.population import Output

Part = TypeVar("Part")


def _complete(
    text: str,
    names: Callable[[Draft], Sequence[str]],
    parts: Callable[[Draft], Mapping[str, Part]],
    holds: Callable[[Draft, str, Part], bool] = lambda draft, name, part: True,
) -> Condition:
    """That ``parts`` has an entry for every one of ``names`` for which ``holds`` is true."""

    def breach(draft: Draft) -> str | None:
        entries = parts(draft)
        wrong = [name for name in names(draft) if name not in entries or not holds(draft, name, entries[name])]
        return ", ".join(wrong) or None

    return Condition(text, breach)


def _populations(draft: Draft) -> Sequence[str]:
    return draft.network.populations


def _senders(draft: Draft) -> Sequence[str]:
    return sorted({path.source for path in draft.paths})


def _late_reset(draft: Draft) -> str | None:
    return ", ".join(name for name in draft.network.populations if is_late(draft.network, name)) or None


def _loose_path(draft: Draft) -> str | None:
    ends = {*draft.network.populations, *draft.network.input_names}
    loose = [f"{path.source}->{path.target}" for path in draft.paths if not {path.source, path.target} <= ends]
    return ", ".join(loose) or None


def _ordered(draft: Draft, name: str, values: Values) -> bool:
    return bool(np.all(values.low <= values.high))


def _holds(draft: Draft, name: str, output: Output) -> bool:
    """Whether the integers of an output reach every value that the node can send."""
    if output.kind != "graded" or name not in draft.values:
        return True
    unit, values = 2.0**output.scale, draft.values[name]
    return bool(np.all(values.high * unit <= output.high) and np.all(values.low * unit >= output.low))


def _unrounded(draft: Draft) -> str | None:
    done = {_route(rounded.path) for rounded in draft.rounded}
    missing = [f"{path.source}->{path.target}" for path in draft.paths if _route(path) not in done]
    missing += sorted({*draft.network.populations} - {population.name for population in draft.populations})
    return ", ".join(missing) or None


def _route(path: Synapse) -> tuple[object, ...]:
    return path.source, path.target, path.nodes, path.delay


def _overflow(draft: Draft) -> str | None:
    neurons = draft.neurons.items()
    chosen = {name: neuron for name, neuron in neurons if neuron.own_scale(draft.numerics) is None}
    full = [name for name, neuron in chosen.items() if draft.worst_cases[name] >= neuron.bound(draft.numerics)]
    return ", ".join(full) or None


def _unknown_origin(draft: Draft) -> str | None:
    if draft.program is None:
        return "there is no program"
    nodes = draft.network.nodes.keys() - draft.sources.keys()
    origins = draft.program.provenance
    parts = [*draft.program.by_name, *(projection.name for projection in draft.program.projections)]
    lost = [part for part in parts if part not in origins or not {*origins[part]} <= nodes]
    return ", ".join(lost) or None


RESETS_AT_ONCE = Condition("every neuron resets in the step of its spike", _late_reset)
PATHS_JOIN_POPULATIONS = Condition("every path leads from an input or population to a population", _loose_path)
EVERY_NEURON = _complete("every population has its parameters", _populations, lambda draft: draft.neurons)
EVERY_SENDER_BOUNDED = _complete(
    "everything that is sent has a lower and an upper bound", _senders, lambda draft: draft.values, _ordered
)
EVERY_CEILING = _complete("every population has a largest scale", _populations, lambda draft: draft.ceilings)
MESSAGES_HOLD_VALUES = _complete("every message holds the values sent", _senders, lambda draft: draft.outputs, _holds)
SCALES_BELOW_CEILINGS = _complete(
    "every population has a scale, no larger than its largest",
    _populations,
    lambda draft: draft.scales,
    lambda draft, name, scale: scale <= draft.ceilings[name],
)
EVERY_PATH_ROUNDED = Condition("every path and population has its integers", _unrounded)
WORST_CASE_FITS = Condition("no population can receive more in a step than its accumulator holds", _overflow)
EVERYTHING_HAS_A_SOURCE = Condition(
    "everything in the program names the nodes of the network it comes from", _unknown_origin
)
