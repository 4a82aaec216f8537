"""loihi-sim: Loihi 2 as Lava's fixed-point process models simulate it, step for step."""

from neurodeploy.evidence import Evidence
from neurodeploy.numerics import LOIHI2
from neurodeploy.target import Option, Target

from . import environment
from .lowering import lower, neurons_option
from .rules import CAPABILITIES, RULES
from .runner import run

TARGET = Target(
    name="loihi-sim",
    summary="Loihi 2 as Lava's fixed-point process models simulate it (lava-nc 0.10.0)",
    numerics=LOIHI2,
    capabilities=CAPABILITIES,
    lower=lower,
    run=run,
    rules=RULES,
    options=(
        Option(
            "neurons",
            "auto",
            "auto: stock Lava neurons where one run of all samples is exact; stock: one Lava run per sample, so that "
            "recurrent and delayed neurons can be stock too; held: our own models only",
            neurons_option,
        ),
    ),
    available=environment.available,
    install=environment.install,
    evidence=Evidence(
        True, "equal to Lava's fixed-point CPU process models; where a neuron is our own process model, equal to that"
    ),
)
"""The target."""
