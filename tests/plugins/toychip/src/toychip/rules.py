"""What the chip cannot do beyond its plain capabilities."""

from neurodeploy.finding import Finding
from neurodeploy.program.program import Program


def plain_neurons(program: Program) -> list[Finding]:
    """A neuron has neither clamps nor a memory of having fired, and it keeps its state from step to step."""
    return [
        Finding("toychip-plain-neurons", "error", p.name, "a clamped, fire-once or stateless neuron", "use plain ones")
        for p in program.populations
        if p.floor is not None or p.ceiling is not None or p.fire_once or p.every_step
    ]
