"""What is noticed about a stimulus: values that the integers of an input, or the samples of an encoder, cannot hold."""

from __future__ import annotations

import numpy as np

from neurodeploy.finding import OUT_OF_RANGE, Finding
from neurodeploy.network.network import Network
from neurodeploy.stimulus import Array, Stimulus
from neurodeploy.streams import stream_of

PIECE = 1 << 18
"""Values that are compared with a grid at once."""
UNHEARD = "connect it, or remove it: nothing that it is shown changes a spike"


def stimulus_findings(stimulus: Stimulus, network: Network) -> tuple[Finding, ...]:
    """What was guessed to make a stimulus; warnings for inputs that lead nowhere, and for values outside the declared
    range or its steps."""
    return (*stimulus.findings, *_signal_findings(stimulus, network), *_input_findings(stimulus, network))


def _input_findings(stimulus: Stimulus, network: Network) -> list[Finding]:
    heard = {source for source, _ in network.graph.edges}
    unheard = [name for name in stimulus.inputs if name not in heard]
    findings = [Finding("unheard", "warning", name, "this input leads nowhere", UNHEARD) for name in unheard]
    for name, array in stimulus.inputs.items():
        declared = network.input_range(name)
        low, high = float(array.min()), float(array.max())
        problems: list[str] = []
        if low < declared.low or high > declared.high:
            problems.append(f"reaches from {low:g} to {high:g}, declared is {declared.low:g} to {declared.high:g}")
        between = declared.grid is not None and not all(_on_grid(sample, declared.grid) for sample in array)
        if between and not declared.rounded:
            problems.append(f"has values between the declared steps of {declared.grid:g}")
        findings += [
            Finding(OUT_OF_RANGE, "warning", name, f"the stimulus {problem}", _declare(array)) for problem in problems
        ]
    return findings


def _on_grid(sample: Array, grid: float) -> bool:
    """Whether all values of a sample are multiples of a step; piece by piece, which takes little memory."""
    if sample.dtype.kind in "biu" and (1 / grid).is_integer():
        return True
    rows = max(1, PIECE * len(sample) // max(sample.size, 1))
    pieces = (sample[start : start + rows] / grid for start in range(0, len(sample), rows))
    return all(np.allclose(piece, np.rint(piece), atol=1e-3) for piece in pieces)


def _declare(array: Array) -> str:
    """How to declare an input that takes these values."""
    low, high = min(0.0, float(array.min())), max(1.0, float(array.max()))
    step = ",1" if np.all(array == np.rint(array)) else ""
    return f"scale the stimulus, or declare the input as it is: --input-range {low:g},{high:g}{step}"


def _signal_findings(stimulus: Stimulus, network: Network) -> list[Finding]:
    pre = network.host.pre
    if pre is None:
        return []
    values = stimulus.signals[pre.node].values
    findings: list[Finding] = []
    for number, (low, high) in enumerate(zip(*stream_of(pre).encoder.ends(pre.features), strict=True)):
        least, largest = float(values[:, number].min()), float(values[:, number].max())
        if least < np.float32(low) or largest > np.float32(high):
            problem = (
                f"signal {number} reaches from {least:g} to {largest:g}, the encoder's samples from {low:g} to {high:g}"
            )
            findings.append(
                Finding("signal-range", "warning", pre.node, problem, "export with an encoder for this range")
            )
    return findings
