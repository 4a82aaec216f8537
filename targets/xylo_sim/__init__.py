"""xylo-sim: SynSense's Xylo as its own simulator xylosim computes it, spike for spike."""

from neurodeploy.evidence import Evidence
from neurodeploy.numerics import XYLO_V2
from neurodeploy.target import Target

from . import environment
from .lowering import lower
from .rules import CAPABILITIES, RULES
from .runner import run

TARGET = Target(
    name="xylo-sim",
    summary="Xylo Audio 2 as SynSense's own simulator computes it (xylosim 0.1.3)",
    numerics=XYLO_V2,
    capabilities=CAPABILITIES,
    lower=lower,
    run=run,
    rules=RULES,
    available=environment.available,
    install=environment.install,
    evidence=Evidence(True, "equal to xylosim 0.1.3, the vendor's software model of the chip"),
)
"""The target."""
