"""c: portable C99 for microcontrollers, run here through this machine's own compiler."""

from neurodeploy.capabilities import Capabilities
from neurodeploy.embedded.files import PREFIX
from neurodeploy.embedded.layouts import LAYOUT
from neurodeploy.embedded.limits import limit_options
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2
from neurodeploy.target import Target

from .lower import lower
from .runner import available, run

TARGET = Target(
    name="c",
    summary="portable C99 for microcontrollers: source, example, memory report",
    numerics=INT32,
    numerics_choices=(INT32, LOIHI2, XYLO_V2),
    capabilities=Capabilities(),
    lower=lower,
    run=run,
    options=(*limit_options(), PREFIX, LAYOUT),
    available=available,
)

__all__ = ["TARGET"]
