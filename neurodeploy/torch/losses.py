"""What training makes small: the errors of a class, and the distance from the float network.

A class is told by what the output sends, summed over time. The sums are scaled by one number so that they are about as
large as logits usually are, whatever the units and the steps.

The distance from the float network is, averaged over populations: the squared differences of what spiking neurons
send over what the float network's send; and the Huber distance of the membranes before threshold, in thresholds (of
neurons that spike not, in standard deviations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from neurodeploy.network.network import Network, is_junction
from neurodeploy.network.shapes import SPIKING
from neurodeploy.program.population import Population
from neurodeploy.reference.neuron import threshold_of
from neurodeploy.torch.module import ProgramModule, Record
from neurodeploy.trace import Trace

LOGITS = 2.0
"""Standard deviation that the scaled sums of the start have."""
LEAST = 1e-6


@dataclass(frozen=True)
class Original:
    """What neurons of the float network did, ``(B, T, *shape)``: what they sent, and membranes in their own unit."""

    sent: Tensor
    membrane: Tensor

    def of(self, samples: Tensor) -> Original:
        """Some samples of it."""
        return Original(self.sent[samples], self.membrane[samples])


def originals(network: Network, trace: Trace) -> dict[str, Original]:
    """Every neuron of a trace of the float ``network`` with states; membranes in thresholds or standard deviations."""
    found: dict[str, Original] = {}
    for name in network.populations:
        node, before = network.nodes[name], trace[name].v_before
        if is_junction(node) or before is None:
            continue
        unit = np.maximum(threshold_of(node), LEAST) if isinstance(node, SPIKING) else max(float(before.std()), LEAST)
        found[name] = Original(_single(trace[name].values), _single(before / unit))
    return found


def _single(values: NDArray[np.float64]) -> Tensor:
    return torch.as_tensor(values.astype(np.float32))


def class_sums(module: ProgramModule, records: Mapping[str, Record], node: str) -> Tensor:
    """What the output sent over all steps, ``(B, classes)``, in the network's units."""
    sent = records[node].output.sum(1).flatten(1)
    return sent * 2.0 ** -module.start.by_name[node].output.scale


def class_scale(module: ProgramModule, sums: Tensor, node: str) -> float:
    """The factor that makes logits of sums; spikes differ by one at least."""
    least = LEAST if module.start.by_name[node].kind == "li" else 1.0
    return LOGITS / max(float(sums.std()), least)


def distance(module: ProgramModule, records: Mapping[str, Record], originals: Mapping[str, Original]) -> Tensor:
    """The mean distance of all populations from the float network's."""
    parts = [
        _distance(module, module.start.by_name[name], records[name], original) for name, original in originals.items()
    ]
    return torch.stack(parts).mean()


def _distance(module: ProgramModule, population: Population, record: Record, original: Original) -> Tensor:
    assert record.before is not None
    one = 2.0**module.start.numerics.state_shift
    expected = original.membrane.to(record.before)
    if population.kind == "li":
        spread = record.before.detach() * 2.0**-population.output.scale
        scale = max(float(spread.std()), LEAST)
        return functional.smooth_l1_loss(record.before * 2.0**-population.output.scale / scale, expected)
    threshold = module.neurons_of(population.name).constants().threshold.detach() * one
    membrane = functional.smooth_l1_loss(record.before / threshold.clamp(min=1.0), expected)
    sent = original.sent.to(record.output)
    return (record.output - sent).square().sum() / sent.square().sum().clamp(min=1.0) + membrane
