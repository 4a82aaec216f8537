"""cortex-m: the portable C as firmware of a Cortex-M board, which QEMU emulates."""

from neurodeploy.capabilities import Capabilities
from neurodeploy.embedded.files import PREFIX
from neurodeploy.embedded.layouts import LAYOUT
from neurodeploy.embedded.limits import limit_options
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.target import Target

from .load import CLOCK, RATE
from .lower import MACHINE, lower
from .runner import available, run

TARGET = Target(
    name="cortex-m",
    summary="firmware of an Arm Cortex-M4 or M7, run on a board that QEMU emulates",
    numerics=INT32,
    numerics_choices=(INT32, LOIHI2, XYLO_V2),
    capabilities=Capabilities(),
    lower=lower,
    run=run,
    options=(MACHINE, *limit_options("4M", "4M"), PREFIX, LAYOUT, CLOCK, RATE),
    available=available,
)

__all__ = ["TARGET"]
