"""Operations are counted as a loop over every message and every weight would count them."""

import numpy as np
import pytest

from neurodeploy.analysis.operations import count_operations
from neurodeploy.errors import InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace

RNG = np.random.default_rng(11)
MAPS = (4, 5, 6)


def weights(*shape: int) -> np.ndarray:
    return RNG.integers(-2, 3, shape)


PROJECTIONS = {
    "dense": (MAPS, (7,), "dense", weights(7, 120), {}),
    "sparse, delayed": (MAPS, (7,), "sparse", weights(7, 120), {"delay": 3}),
    "convolution": (MAPS, (3, 5, 6), "conv2d", weights(3, 4, 3, 3), {"padding": (1, 1)}),
    "stride and padding": (MAPS, (3, 3, 2), "conv2d", weights(3, 4, 3, 3), {"stride": (2, 3), "padding": (1, 1)}),
    "dilation and groups": (MAPS, (6, 3, 4), "conv2d", weights(6, 2, 2, 3), {"dilation": (2, 1), "groups": 2}),
    "depthwise, delayed": (
        MAPS,
        (4, 5, 6),
        "conv2d",
        weights(4, 1, 3, 3),
        {"padding": (1, 1), "groups": 4, "delay": 2},
    ),
    "pooling": (MAPS, (4, 2, 3), "sum-pool", np.ones((2, 2), dtype=int), {"stride": (2, 2)}),
    "overlapping pooling": (MAPS, (4, 4, 3), "sum-pool", weights(3, 3), {"stride": (2, 2), "padding": (2, 1)}),
    "line": ((4, 9), (2, 5), "conv1d", weights(2, 2, 3), {"stride": (2,), "padding": (1,), "groups": 2}),
}


def brute(projection: Projection, sent: np.ndarray) -> int:
    """Every event, every output, every tap: counted one by one."""
    batch, steps = sent.shape[:2]
    count = 0
    if projection.kind in ("dense", "sparse"):
        for b, t in np.ndindex(batch, max(steps - projection.delay, 0)):
            for j in np.flatnonzero(sent[b, t]):
                count += sum(int(w != 0) for w in projection.weights[:, j])
        return count
    pool, line = projection.kind == "sum-pool", projection.kind == "conv1d"
    events = sent[:, :, :, None] if line else sent
    w = projection.weights[:, :, None] if line else projection.weights
    stride, padding, dilation = (
        (fill, given[0]) if line else given
        for given, fill in ((projection.stride, 1), (projection.padding, 0), (projection.dilation, 1))
    )
    channels, height, width = events.shape[2:]
    kh, kw = w.shape[-2:]
    rows = (height + 2 * padding[0] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    columns = (width + 2 * padding[1] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    outputs = channels if pool else len(w)
    per_out, per_in = outputs // projection.groups, channels // projection.groups
    for o, y, x, k, m in np.ndindex(outputs, rows, columns, kh, kw):
        at = y * stride[0] + k * dilation[0] - padding[0], x * stride[1] + m * dilation[1] - padding[1]
        if not (0 <= at[0] < height and 0 <= at[1] < width):
            continue
        first = o // per_out * per_in
        reads = [(o, w[k, m])] if pool else [(first + c, w[o, c, k, m]) for c in range(per_in)]
        for c, weight in reads:
            count += int(weight != 0) * int(np.count_nonzero(events[:, : max(steps - projection.delay, 0), c, *at]))
    return count


@pytest.mark.parametrize("name", PROJECTIONS)
def test_synaptic_operations_of(name: str) -> None:
    source, target, kind, w, options = PROJECTIONS[name]
    projection = Projection("p", "input", "n", kind, w, **options)  # type: ignore[arg-type]
    given, made = Input("input", source, bits=4, signed=True), Population("n", target, threshold=5)
    program = Program(LOIHI2, (given,), (made,), (projection,), ("n",))
    values = RNG.integers(-8, 8, (2, 6, *source)) * (RNG.random((2, 6, *source)) < 0.3)
    trace = run_program(program, {"input": values.astype(float)})
    found = count_operations(program, trace)
    assert found.synaptic == {"p": brute(projection, trace["input"].output)}
    assert found.synaptic["p"] > 0
    assert found.updates == {"n": 2 * 6 * made.size}
    assert found.events == {"input": np.count_nonzero(values), "n": np.count_nonzero(trace["n"].output)}


def test_totals_are_sums_and_a_message_that_never_arrives_costs_nothing() -> None:
    """Two messages of a relay of value 3 and -3 are two events; the last of a delay of one is not delivered."""
    joined = Projection("a", "input", "r", "dense", np.array([[3]]), message_bits=2)
    back = Projection("b", "r", "r", "dense", np.array([[0]]), delay=1)
    to = Projection("c", "r", "n", "dense", np.array([[1], [0], [2]]), delay=1)
    relay = Population("r", (1,), "relay", output=Output("graded", 5, signed=True))
    program = Program(
        LOIHI2, (Input("input", (1,), bits=2, signed=True),), (relay, Population("n", (3,))), (joined, back, to)
    )
    found = count_operations(program, run_program(program, {"input": np.array([1.0, 0, -1]).reshape(1, 3, 1)}))
    assert found.synaptic == {"a": 2, "b": 0, "c": 2}
    assert found.events["r"] == 2
    assert found.total == {"synaptic": 4, "updates": 12, "events": sum(found.events.values())}
    assert found.to_json()["total"] == found.total


def test_a_trace_that_lacks_a_sender_is_refused() -> None:
    program = Program(LOIHI2, (Input("input", (1,)),), (Population("n", (1,)),), ())
    with pytest.raises(InputError, match="no entry 'n'"):
        count_operations(program, Trace({"input": Entry(np.zeros((1, 1, 1)))}))
