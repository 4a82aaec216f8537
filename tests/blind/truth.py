"""What the product would have to call each kind of fault; written after its first reports, from the words alone."""

from __future__ import annotations

from typing import Any

TERMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "a weight bit is stuck at 0",
            "a weight bit is stuck at 1",
            "one weight is upset",
            "one weight has the other sign",
            "the end of the weights is not loaded",
            "the end of the memory holds the network before",
            "signs of weights are lost",
            "a synapse core takes excitatory weights only",
            "weights saturate one bit too early",
            "low bits of weights are dropped",
            "nibbles of packed weights are swapped",
            "weights are loaded for another projection",
            "the last entry of every synapse list is dropped",
            "a line of the synapse memory is dead",
            "the last tap of kernels is missing",
            "a projection is missing",
            "a projection inhibits instead of exciting",
            "a link is dead",
            "a message is delivered twice",
            "a second projection overwrites the first",
            "weights lack their offset",
            "one column of weights is scaled",
            "every second tap is missing",
        ),
        ("weights",),
    ),
    **dict.fromkeys(
        (
            "the load starts one word late",
            "a matrix is loaded column by column",
            "kernels are flipped",
            "kernels are transposed",
            "a flattened map is read with channels last",
            "padding is on one side only",
            "strides start one later",
            "windows are not aligned to the map",
            "the border wraps around",
            "the last column of a map is not computed",
            "a dilated kernel is read dense",
            "weights are read back to front",
            "the input picture is mirrored",
        ),
        ("geometry", "weights"),
    ),
    **dict.fromkeys(
        (
            "two source lines are swapped",
            "two target rows are swapped",
            "an address line of the weight memory is stuck",
            "target indices of a synapse list are off by one",
            "source indices of a synapse list are off by one",
            "input channels of kernels are in the other order",
            "a burst of the weight load is rotated",
            "polarities are swapped",
            "input addresses are off by one",
            "source addresses are cut",
            "all kernels read the first input channel's group",
            "the spike monitor is off by one neuron",
            "two monitors are exchanged",
        ),
        ("channels", "geometry", "weights"),
    ),
    **dict.fromkeys(("the weight exponent is off by one", "everything is delivered twice"), ("exponent", "weights")),
    **dict.fromkeys(
        (
            "the threshold register has one bit flipped",
            "thresholds are doubled",
            "the threshold is one unit too high",
            "the threshold of one neuron is wrong",
            "thresholds of neurons stand one neuron further",
            "two registers of neurons are exchanged between layers",
        ),
        ("threshold",),
    ),
    **dict.fromkeys(
        (
            "biases are missing",
            "biases stand one neuron further",
            "the bias exponent is off",
            "biases have the other sign",
            "bias is added only with input",
            "bias goes into the current",
        ),
        ("bias",),
    ),
    **dict.fromkeys(
        (
            "a decay register is off by one",
            "a decay register has eight bits only",
            "a decay is loaded as its complement",
        ),
        ("current decay", "membrane decay"),
    ),
    "decays of current and membrane are swapped": ("current decay", "membrane decay"),
    "membranes do not leak": ("membrane decay",),
    "one neuron leaks faster": ("membrane decay",),
    "input goes straight into the membrane": ("current decay",),
    "initial states are not loaded": ("initial state",),
    "the shift of a relay is off by one": ("relay",),
    **dict.fromkeys(
        ("membrane decay rounds down", "current decay rounds down", "decay rounds to nearest", "relays round down"),
        ("rounding",),
    ),
    **dict.fromkeys(
        (
            "membranes decay after integration",
            "current is added a step late",
            "the comparison sees the membrane of the step before",
        ),
        ("order",),
    ),
    "comparison includes or excludes the threshold": ("tie rule",),
    **dict.fromkeys(
        (
            "a neuron is dead",
            "a neuron is stuck firing",
            "a neuron's driver is open",
            "a core of neurons is not clocked",
        ),
        ("stuck",),
    ),
    **dict.fromkeys(
        (
            "reset to zero instead of by subtraction",
            "reset value is wrong",
            "reset also clears the current",
            "reset comes a step late",
            "several spikes, one subtraction",
            "reset subtracts a stale threshold",
        ),
        ("reset",),
    ),
    **dict.fromkeys(
        (
            "membranes cannot be negative",
            "the floor of membranes is missing",
            "the ceiling of membranes is missing",
            "the membrane saturates at the threshold",
        ),
        ("clamp",),
    ),
    **dict.fromkeys(
        (
            "membranes wrap in a narrow register",
            "membranes saturate in a narrow register",
            "accumulators saturate early",
            "accumulators wrap early",
            "current register saturates early",
            "relays wrap",
            "pooling counts a window once",
        ),
        ("overflow", "relay", "clamp"),
    ),
    "only one spike in a step": ("spikes per step",),
    **dict.fromkeys(("neurons fire again", "neurons fire once"), ("fire once",)),
    **dict.fromkeys(("a delay is off by one", "a delay is ignored", "a delay wraps in its ring"), ("delay", "latency")),
    "input events are a step late": ("delay", "latency"),
    **dict.fromkeys(("a layer sends a step late", "the spike monitor lags"), ("latency",)),
    **dict.fromkeys(
        (
            "membranes are not cleared between samples",
            "currents are not cleared between samples",
            "a core is never reset between samples",
            "messages under way survive a sample",
        ),
        ("kept state",),
    ),
    "an input buffer is stale": ("samples",),
    **dict.fromkeys(
        (
            "message values are ignored",
            "message values are clipped",
            "graded input is taken for spikes",
            "input values lose a bit",
            "spikes are sent with the wrong count",
        ),
        ("message",),
    ),
    "negative membranes count as large": ("tie rule", "overflow"),
    "readout values are cut to eight bits": ("overflow", "relay"),
    **dict.fromkeys(("membranes are read a step late", "membranes are read before reset"), ("record",)),
    **dict.fromkeys(("messages of every nth step are lost", "the first steps are missed"), ("lost messages",)),
    **dict.fromkeys(
        ("part of a core runs a step behind", "the ring of delays is not cleared after reading"), ("delay", "latency")
    ),
    **dict.fromkeys(("a queue overflows", "neurons inhibit one another"), ("lost messages",)),
    **dict.fromkeys(("spikes leave a step after every third only", "time runs backwards within a burst"), ("delay",)),
    "a projection starts at another node": ("source",),
    "a membrane is upset by a particle": ("upset",),
    "two axons are shorted": ("channels",),
    "a tile border is added twice": ("exponent", "weights"),
    "negative input is dropped": ("overflow",),
    "leak goes to a resting value": ("membrane decay",),
    **dict.fromkeys(("the chip freezes", "a sample is one step short"), ("idle", "latency")),
    "half of the input current is lost": ("exponent", "weights"),
    "thresholds adapt": ("threshold",),
    "neurons leak only when something arrives": ("idle",),
    **dict.fromkeys(("neurons are refractory", "neurons rest while refractory"), ("refractory",)),
}
"""Terms by kind. A kind that is missing has no class: a particle, noise, lost packets, learning, ..."""


def judged(kind: str, node: str, reads: tuple[str, ...], causes: dict[str, Any] | None) -> str:
    """``right alone``, ``right among``, ``not explained``, ``other term``, or ``other node``.

    ``reads``: nodes that read ``node``, for an input is seen at those alone. Every listed cause gives all that was
    looked at of the node, so that another term is as good on that trace, and still is not what is wrong.
    """
    culprits = [] if causes is None else causes["culprits"]
    if not culprits or culprits[0]["node"] not in (node, *reads):
        return "other node"
    terms = [cause["term"] for cause in next(c for c in culprits if c["node"] in (node, *reads))["causes"]]
    if not terms:
        return "not explained"
    if not set(terms) & set(TERMS.get(kind, ())):
        return "other term"
    return "right alone" if len(terms) == 1 else "right among"
