"""toychip: a machine that stores one row of synapses per source neuron and reads it when that neuron fires."""

from neurodeploy.capabilities import Capabilities
from neurodeploy.numerics import INT32
from neurodeploy.target import Option, Target
from toychip.lowering import NEURONS_PER_CORE, lower
from toychip.rules import plain_neurons
from toychip.runner import run

TARGET = Target(
    name="toychip",
    summary="an event-driven simulator of 32-bit neurons in numpy",
    numerics=INT32,
    capabilities=Capabilities(
        populations=frozenset({"cuba-lif"}),
        projections=frozenset({"dense", "sparse"}),
        resets=frozenset({"zero", "subtract"}),
        max_spikes_per_step=1,
        graded_messages=False,
    ),
    lower=lower,
    run=run,
    rules=(plain_neurons,),
    options=(Option(NEURONS_PER_CORE, "256", "how many neurons a core holds"),),
)
