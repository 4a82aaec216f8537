"""What tests and proofs of training share: whether a module does what the reference runner does."""

from collections.abc import Mapping

import numpy as np
import torch

from neurodeploy.conformance.case import Case
from neurodeploy.parity.compare import differing_cells
from neurodeploy.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.torch import ProgramModule, QuantizedNetwork


def differing(program: Program, stimulus: Stimulus) -> dict[str, int]:
    """Differing cells of outputs, membranes and currents between the reference and the module, by node."""
    return differing_cells(run_program(program, stimulus, states=True), ProgramModule(program).trace(stimulus))


def differing_with_gradients(case: Case) -> list[str]:
    """Nodes in which a forward that records gradients sends something else than one that does not."""
    module = ProgramModule(case.program)
    inputs = {name: torch.as_tensor(values) for name, values in case.stimulus.inputs.items()}
    recorded, plain = module.records(inputs), module.trace(case.stimulus)
    return [
        name
        for name, record in recorded.items()
        if not torch.equal(record.output.detach(), torch.as_tensor(plain[name].output, dtype=torch.float64))
    ]


def moved(module: ProgramModule, seed: int, far: float = 3.0) -> None:
    """Every parameter moved at random, up to ``far`` levels, as training moves them."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += far * (2 * torch.rand(parameter.shape, generator=draw, dtype=torch.float64) - 1)


def same(module: QuantizedNetwork, shown: Mapping[str, np.ndarray]) -> int:
    """The spikes sent, once module, network and program were seen to do the same in every output and membrane."""
    program, network, trace = module.program, module.network(), module.trace(shown)
    floats, integers = run_network(network, shown, states=True), run_program(program, shown, states=True)
    for name in network.populations:
        assert np.array_equal(trace[name].output, integers[name].output), name
        assert np.array_equal(floats[name].values, integers[name].values), name
        if floats[name].v is not None:
            assert np.array_equal(floats[name].v, integers[name].v / 2.0 ** integers[name].state_scale), name
    return sum(int(np.abs(integers[name].output).sum()) for name in network.populations)
