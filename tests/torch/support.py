"""What tests and proofs of training share: whether a module does what the reference runner does."""

import torch

from neurodeploy.conformance.case import Case
from neurodeploy.parity.compare import differing_cells
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.torch import ProgramModule


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
