"""From a network to the module that trains its integers, and from the module back to a network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import nir
import numpy as np

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.flow.arguments import LoadOptions, spell_out, texts
from neurodeploy.flow.exporting import numerics_of
from neurodeploy.flow.loading import load, network_from
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics
from neurodeploy.passes.as_network import as_network, carries_bias, check_same
from neurodeploy.passes.draft import Draft, Machine
from neurodeploy.passes.pipeline import configured, quantize
from neurodeploy.passes.stage import run_stages
from neurodeploy.program.program import Program
from neurodeploy.stimuli import Source, open_stimulus
from neurodeploy.torch.module import LEARNED, ProgramModule

WEIGHTED = (nir.Affine, nir.Linear, nir.Conv1d, nir.Conv2d)


class QuantizedNetwork(ProgramModule):
    """A network as the integers of a machine, ready to be trained: see ``quantized``."""

    def __init__(self, program: Program, like: Network, **how: Any) -> None:
        super().__init__(program, **how)
        self.like = like

    def network(self) -> Network:
        """The float network that does what the integers of this moment do, in every output and membrane.

        ``export`` makes these integers of it. Raises RefusedError, by name, for what no float network does exactly.
        """
        program = self.integers()
        network = as_network(program, self.like)
        check_same(program, quantize(network, program.numerics).program)
        return network

    @property
    def program(self) -> Program:
        """The program that ``export`` makes of ``network()``: the same integers, as it writes them."""
        return quantize(self.network(), self.start.numerics).program


@spell_out(load)
def quantized(
    source: Network | str | Path | Any,
    numerics: Numerics | str | None = None,
    bits: int | None = None,
    calibrate: Source = None,
    options: Mapping[str, object] | None = None,
    learn: Collection[str] = LEARNED,
    sharpness: float = 10.0,
    **loading: Unpack[LoadOptions],
) -> QuantizedNetwork:
    """A PyTorch module whose forward is the integer program, and whose backward is a surrogate gradient.

    Its parameters are float numbers in units of the integer grid: a weight counts levels of the machine's weights,
    threshold and bias count the power of two that is about 1/64 of the starting threshold. They are rounded in every
    forward (straight through), so an ordinary training loop works; learning rates of 0.01 to 0.1 suit Adam. The
    exponents of weights stay fixed; a learned threshold does what a learned scale would, for the unit of a spiking
    neuron is free.

    A bias in front of a synaptic current acts in full from the first step on, instead of growing with the current.

    Args:
        source: a live module, a Network, or a path; what ``load`` takes together with the arguments of ``load``.
        numerics: the machine's arithmetic, by name (``"loihi2"``, ``"int32"``) or as it is; the first by default.
        bits: bits of a weight; what the machine has by default.
        calibrate: a stimulus on which the integers to start from are chosen, as ``export`` takes it.
        options: of quantization, e.g. ``{"unit": "row"}``.
        learn: what is learned, some of ``weight``, ``bias`` and ``threshold``.
        sharpness: how narrow the surrogate of a spike is: its derivative at a distance d from the threshold, in
            thresholds, is ``1 / (1 + sharpness * |d|)**2``.

    Raises:
        RefusedError, CannotRepresentError: for what has no form in integers, and where integers may leave float64.
        InputError: for options.

    Example:
        >>> net = nd.torch.quantized(trained, "loihi2", bits=2, calibrate=images, input_shape=(64,))
        >>> loss = criterion(net(x).sum(dim=1), labels)   # x: (batch, steps, 64)
    """
    network, chosen = network_from(source, **loading), texts(options)
    unknown = sorted({*learn} - {*LEARNED})
    if unknown:
        raise InputError(f"{unknown[0]!r} cannot be learned", "learn", f"choose of {', '.join(LEARNED)}")
    chosen |= {} if bits is None else {"weight-bits": str(bits)}
    machine = numerics if isinstance(numerics, Numerics) else numerics_of(None, chosen, numerics)
    stimulus = None if calibrate is None else open_stimulus(calibrate, network)
    draft = run_stages(configured(chosen, machine, stimulus), Draft(network, Machine.of(machine)))
    program = _starting(draft)
    learned = _learned(draft, program)
    asked = int(chosen["weight-bits"]) if "weight-bits" in chosen else None
    fixed = [population.name for population in program.populations if not carries_bias(program, population)]
    return QuantizedNetwork(
        program,
        draft.network,
        learned=learned,
        parameters=learn,
        bits=asked,
        fixed_biases=fixed,
        sharpness=sharpness,
    )


def _starting(draft: Draft) -> Program:
    """The program of a draft, as training starts from it: what no network says is left out.

    That is a current before the first step, and ends of an input at which it clips before its width does; values within
    its declared range do not reach those.
    """
    program = draft.program
    if program is None:
        raise RefusedError("was not quantized to its end", "pipeline", "report this")
    populations = tuple(replace(population, initial_current=0) for population in program.populations)
    inputs = tuple(replace(node, ends=None) for node in program.inputs)
    return replace(program, inputs=inputs, populations=populations)


def _learned(draft: Draft, program: Program) -> tuple[str, ...]:
    """Projections that stand for a layer with weights."""
    layers = zip(program.projections, draft.rounded, strict=True)
    return tuple(
        projection.name
        for projection, rounded in layers
        if any(isinstance(draft.network.nodes[name], WEIGHTED) for name in rounded.path.nodes)
        and projection.kind != "sum-pool"
        and np.any(projection.weights)
    )
