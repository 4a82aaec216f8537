"""Heads by name: which there are, which fit a network, what they may be told, and what is refused."""

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.heads import BoundHead, HeadKind, Setting, choose_head, fitting_heads, registry
from neurodeploy.heads.own import HEADS
from neurodeploy.host import Head, Host
from neurodeploy.plugin import Plugins
from neurodeploy.table import Table
from neurodeploy.task import TaskValue
from neurodeploy.trace import Entry, Trace


def network(*shape: int, head: Head | None = None) -> nd.Network:
    """Neurons of that shape, fed by as many lines."""
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    build.output("output", build.integrate("out", build.input("input", shape), 0.5))
    return build.build(Host(head))


def trace(spikes: object) -> Trace:
    return Trace({"out": Entry(np.asarray(spikes, np.uint8))})


class Total:
    """Counts the steps that it was fed at once, and adds up all spikes."""

    def __init__(self) -> None:
        self.total, self.chunks = 0, []

    def feed(self, part: Trace) -> None:
        self.total += int(part["out"].output.sum())
        self.chunks.append(part.steps)

    def value(self) -> TaskValue:
        return TaskValue([self.chunks], [self.total], Table("total", (">spikes",), [(self.total,)]))


def no_fit(network: nd.Network, settings: object) -> BoundHead:
    raise InputError("it has no chip", "network", "give it one")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the heads that come along: one that adds up, one that fits nothing, one that cannot be imported."""
    settings = (Setting("least", "the least of it", 0.0, 1.0), Setting("steps", "whole steps", 1, whole=True))
    total = HeadKind(
        "total", "all spikes", lambda network, settings: BoundHead(("out",), lambda batch: Total()), settings
    )
    heads = {**registry.BUILT_IN, "total": total, "none": HeadKind("none", "fits nothing", no_fit)}
    monkeypatch.setattr(registry, "installed_heads", lambda: Plugins(heads, {"gone": "its plug-in fails to import"}))


def test_what_a_file_may_hold_is_a_head_by_name_too() -> None:
    assert registry.BUILT_IN.keys() == HEADS.keys()


def test_a_run_is_read_in_chunks_of_steps_and_by_the_nodes_of_the_head_alone() -> None:
    chosen = choose_head("total, least=0.5, steps=3", network(2))
    value = chosen.read(trace(np.ones((1, 130, 2))))
    assert (value.values, value.plain) == ([[64, 64, 2]], [260])
    assert value.to_json() == {"head": "total", "settings": {"least": 0.5, "steps": 3}, "samples": [260]}
    assert "total" in repr(value) and "<table" in value._repr_html_()


def test_the_class_is_that_of_the_networks_own_head_or_of_its_only_output() -> None:
    spikes = np.zeros((2, 70, 3), np.uint8)
    spikes[0, :, 2], spikes[1, 69, 1] = 1, 1
    for own in (None, Head("spike-count-argmax", "out")):
        value = choose_head("spike-count-argmax", network(3, head=own)).read(trace(spikes))
        assert value.plain == [2, 1]
        assert value.table.rows == [(0, 2), (1, 1)]


def test_ratios_are_those_of_the_readout_that_the_network_holds() -> None:
    eye = {f"fc{n}_weight": np.eye(2, dtype=np.float32) for n in (1, 2)}
    head = Head("llr", "out", {}, eye | {f"fc{n}_bias": np.zeros(2, np.float32) for n in (1, 2)})
    spikes = np.zeros((1, 4, 2, 1, 3), np.uint8)
    spikes[0, :2, 1, 0, 2] = 1
    value = choose_head("llr", network(2, 1, 3, head=head)).read(trace(spikes))
    assert value.values.shape == (1, 1, 3, 2)
    assert value.values[0, 0, 2].tolist() == [0, 0.5]
    assert not np.any(value.values[0, 0, :2])


def test_heads_that_fit_are_told() -> None:
    assert [*fitting_heads(network(3))] == ["spike-count-argmax", "total"]
    assert [*fitting_heads(network(1))] == ["total"]
    assert [*fitting_heads(network(3, head=Head("llr", "out")))] == ["llr", "total"]


@pytest.mark.parametrize(
    ("text", "shape", "what", "remedy"),
    [
        ("totl", (3,), "unknown head 'totl'", "did you mean total? known: spike-count-argmax, llr, total, none"),
        ("totl", (3,), "unknown head 'totl'", "heads that fit this network: spike-count-argmax, total"),
        ("none", (3,), "does not fit this network: it has no chip", "give it one; heads that fit this network: sp"),
        ("llr", (3,), "it holds no readout with weights", "heads that fit"),
        ("spike-count-argmax", (2, 3), "its output out is a map of 2×3 neurons", "a neuron per class"),
        ("spike-count-argmax", (1,), "not one output of several neurons", "a neuron per class"),
        ("total,leest=1", (3,), "has no setting 'leest'", "did you mean least? it has: least, steps"),
        ("total,least", (3,), "'least' is not key=value", "write e.g. total,least=1"),
        ("llr,least", (3,), "'least' is not key=value", "it has no settings"),
        ("total,least=2", (3,), "least = '2' is no number from 0 to 1", "the least of it"),
        ("total,least=nan", (3,), "is no number from 0 to 1", "the least of it"),
        ("total,steps=1.5", (3,), "steps = '1.5' is no whole number from 1", "whole steps"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(text: str, shape: tuple[int, ...], what: str, remedy: str) -> None:
    with pytest.raises(InputError) as told:
        choose_head(text, network(*shape))
    assert what in told.value.what
    assert remedy in told.value.remedy
    assert told.value.where.startswith("--head")


def test_one_of_a_network_with_another_head_is_named() -> None:
    with pytest.raises(InputError, match="its own head is llr"):
        choose_head("spike-count-argmax", network(3, head=Head("llr", "out")))


def test_a_plug_in_that_cannot_be_used_is_told_with_its_reason() -> None:
    with pytest.raises(UnavailableError, match="head 'gone' cannot be used: its plug-in fails to import"):
        choose_head("gone", network(3))


def test_a_trace_without_a_node_that_is_read_is_refused() -> None:
    with pytest.raises(InputError, match="the trace has no out, which the head total reads"):
        choose_head("total", network(3)).read(Trace({"lif": Entry(np.zeros((1, 2, 3)))}))


def test_a_value_without_a_picture_says_so() -> None:
    value = choose_head("total", network(3)).read(trace(np.zeros((1, 2, 3))))
    with pytest.raises(InputError, match="head total: draws no picture"):
        value.picture()
