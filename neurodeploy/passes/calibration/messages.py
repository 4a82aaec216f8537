"""The scale of inputs and graded messages, chosen for what a stimulus really sends.

Rules:

1. Without a stimulus a message's scale holds every value that its range allows. Where values seldom come near its ends,
   a finer scale loses less although it clips some: the one with the smallest squared error on the stimulus is taken.
2. Values on a grid that the scale holds stay exact.
3. What is clipped can no longer arrive, so that the populations behind it may count more finely in turn, and their
   weights keep their bits.
4. An input clips at the ends of its declared range where its width would hold more: values up to 1 in steps of 1/16
   need five bits, which hold twice as much.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.accuracy import Calibrated
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.scales import ceiling
from neurodeploy.passes.values import Values
from neurodeploy.program.population import Output
from neurodeploy.trace import Trace

Array = NDArray[np.float64]
FINER = 6
"""Powers of two by which a scale may become finer."""
INPUT, SUM = "it is an input", "it sends values, not spikes"
"""Why nothing else of a node is chosen."""


def fitted_messages(draft: Draft, network: Trace) -> tuple[Draft, tuple[Calibrated, ...]]:
    """The draft with the scales that the messages of a trace of the float network ask for, and a report per change."""
    reports: list[Calibrated] = []
    for name in (*draft.inputs, *(name for name, neuron in draft.neurons.items() if neuron.kind == "relay")):
        output, values = draft.outputs[name], network[name].values
        if output.kind == "binary" or not _leads_on(draft, name):
            continue
        if draft.values[name].grid == output.scale:
            draft = _within_range(draft, name)
            continue
        finest = _finest(draft, name, output)
        chosen = min(
            (replace(output, scale=scale) for scale in range(output.scale, finest + 1)),
            key=lambda output: float(np.sum((_sent(output, values) - values) ** 2)),
        )
        if chosen != output:
            draft = _with_output(draft, name, chosen)
            clipped = int(np.count_nonzero(np.abs(_sent(chosen, values) - values) > 2.0 ** -(chosen.scale + 1)))
            why = INPUT if name in draft.inputs else SUM
            reports.append(
                Calibrated(name, 0, 0, 0, 0, 0, reason=why, finer=chosen.scale - output.scale, clipped=clipped)
            )
        draft = _within_range(draft, name)
    return draft, tuple(reports)


def _within_range(draft: Draft, name: str) -> Draft:
    """The draft in which an input sends nothing beyond its declared range; others stay as they are."""
    if name not in draft.inputs:
        return draft
    node, values = draft.inputs[name], draft.values[name]
    low, high = node.quantize(np.array([min(values.low.min(), 0.0), max(values.high.max(), 0.0)])).tolist()
    if (low, high) == (node.output.low, node.output.high):
        return draft
    ended = replace(node, ends=(low, high))
    return replace(draft, inputs={**draft.inputs, name: ended}, outputs={**draft.outputs, name: ended.output})


def _leads_on(draft: Draft, name: str) -> bool:
    """Whether its messages go to other populations, all of which may choose the scale in which they count."""
    targets = [draft.neurons[path.target] for path in draft.paths if path.source == name]
    return bool(targets) and all(neuron.own_scale(draft.numerics) is None for neuron in targets)


def _finest(draft: Draft, name: str, output: Output) -> int:
    """The finest scale that may be chosen: a sum is made at the scale of its population at most."""
    most = output.scale + FINER
    return most if name in draft.inputs else max(min(most, draft.ceilings[name]), output.scale)


def _sent(output: Output, values: Array) -> Array:
    """What the messages stand for."""
    return np.clip(np.rint(values * 2.0**output.scale), output.low, output.high) / 2.0**output.scale


def _with_output(draft: Draft, name: str, output: Output) -> Draft:
    """The draft in which a node sends its values so; what its targets count in is bounded anew."""
    held, ends = draft.values[name], (output.low / 2.0**output.scale, output.high / 2.0**output.scale)
    values = Values(np.clip(held.low, *ends), np.clip(held.high, *ends), output.scale)
    after = replace(draft, values={**draft.values, name: values}, outputs={**draft.outputs, name: output})
    if name in draft.inputs:
        after = replace(after, inputs={**draft.inputs, name: replace(draft.inputs[name], scale=output.scale)})
    targets = {path.target for path in draft.paths if path.source == name}
    return replace(
        after, ceilings={**after.ceilings, **{target: ceiling(after, after.neurons[target]) for target in targets}}
    )
