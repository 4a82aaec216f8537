"""Every finding about a graph, what it says, and that its repair repairs it."""

from itertools import pairwise

import nir
import numpy as np
import pytest

from benchmarks.large import chain
from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.network import Network
from neurodeploy.network.assembly import assemble
from neurodeploy.network.raw import Raw, RawNode, raw_of
from neurodeploy.network.rules.check import check_graph, repaired
from neurodeploy.reference.network_runner import run_network


def lif(n=3, **values):
    full = {"tau": 1e-2, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0} | values
    return nir.LIF(**{key: np.full(n, value, float) for key, value in full.items()})


def sound():
    nodes = {
        "input": nir.Input({"input": np.array([2, 6, 6])}),
        "conv": nir.Conv2d((6, 6), np.ones((4, 2, 3, 3)), 1, 0, 1, 1, np.zeros(4)),
        "flat": nir.Flatten({"input": np.array([4, 4, 4])}, 0, -1),
        "fc": nir.Affine(np.ones((3, 64)), np.ones(3)),
        "lif": lif(),
        "output": nir.Output({"output": np.array([3])}),
    }
    names = list(nodes)
    return raw_of(nir.NIRGraph(nodes, list(pairwise(names)), type_check=False))


def told(raw):
    return {(each.slug, each.node) for each in check_graph(raw)}


def edges(raw, *more):
    return Raw(raw.nodes, (*raw.edges, *more), raw.metadata, raw.version)


def without(raw, name, key):
    node = raw.nodes[name]
    return raw.put(name, RawNode(node.kind, {k: v for k, v in node.fields.items() if k != key}))


def conv(raw, weight, **values):
    return raw.change("conv", weight=weight, bias=np.zeros(len(weight)), **values)


SOUND = sound()
CASES = {
    "unknown-type": (lambda: SOUND.put("lif", RawNode("Izhikevich")), "lif", None),
    "missing-field": (lambda: without(SOUND, "lif", "tau"), "lif", None),
    "unknown-field": (lambda: SOUND.change("lif", bits=np.array(4)), "lif", True),
    "no-v-reset": (lambda: without(SOUND, "lif", "v_reset"), "lif", True),
    "no-bias": (lambda: without(SOUND, "conv", "bias"), "conv", True),
    "dangling-edge": (lambda: edges(SOUND, ("lif", "nowhere")), "graph", True),
    "duplicate-edge": (lambda: edges(SOUND, ("fc", "lif")), "graph", True),
    "edge-into-input": (lambda: edges(SOUND, ("lif", "input")), "graph", True),
    "no-number": (lambda: SOUND.change("lif", r="one"), "lif", None),
    "not-finite": (lambda: SOUND.change("fc", bias=np.array([1.0, np.nan, np.inf])), "fc", None),
    "tau-not-positive": (lambda: SOUND.change("lif", tau=np.array([1e-2, -1e-2, 0.0])), "lif", None),
    "infinite-tau": (lambda: SOUND.change("lif", tau=np.full(3, np.inf)), "lif", True),
    "threshold-at-rest": (lambda: SOUND.change("lif", v_leak=np.full(3, 2.0)), "lif", None),
    "scalar-parameter": (lambda: SOUND.change("lif", tau=np.array(1e-2)), "lif", True),
    "batch-dimension": (lambda: SOUND.change("input", shape=np.array([1, 2, 6, 6])), "input", True),
    "shape-mismatch": (lambda: SOUND.change("fc", weight=np.ones((3, 63))), "fc", None),
    "bad-parameter": (lambda: SOUND.change("conv", stride=np.array(-1)), "conv", None),
    "flatten-counts-batch": (lambda: SOUND.change("flat", start_dim=np.array(1)), "flat", True),
    "strided-same": (lambda: conv(SOUND, np.ones((4, 2, 3, 3)), stride=np.array(2), padding="same"), "conv", None),
    "non-square-kernel": (lambda: conv(SOUND, np.ones((4, 2, 3, 5)), padding=np.array([0, 1])), "conv", True),
    "grouped-kernel": (lambda: conv(SOUND, np.ones((4, 1, 3, 3)), groups=np.array(2)), "conv", True),
}


def test_a_sound_graph_has_no_findings():
    assert told(SOUND) == set()


@pytest.mark.parametrize("slug", CASES)
def test_a_finding_names_its_node_what_it_does_and_its_repair(slug):
    make, node, repairs = CASES[slug]
    found = [each for each in check_graph(make()) if each.slug == slug]
    assert [each.node for each in found][:1] == [node]
    assert all(each.message and each.effect and each.remedy for each in found)
    assert all((each.repair is not None) == bool(repairs) for each in found)


ERRORS = [slug for slug, case in CASES.items() if case[2] is None and slug != "threshold-at-rest"]


@pytest.mark.parametrize("slug", [*ERRORS, "infinite-tau", "dangling-edge", "edge-into-input", "duplicate-edge"])
def test_a_network_refuses_the_first_error_that_the_rules_find(slug):
    raw = CASES[slug][0]()
    first = next(finding for finding in check_graph(raw) if finding.severity == "error")
    with pytest.raises(InputError) as error:
        Network(assemble(raw), Contract())
    assert error.value.where.endswith(first.node)
    if slug not in ("unknown-type", "missing-field", "no-number", "bad-parameter"):  # these no NIR node can be
        assert (error.value.what, error.value.remedy) == (first.message, first.remedy)


@pytest.mark.parametrize("slug", [slug for slug, case in CASES.items() if case[2]])
def test_a_repaired_graph_has_the_finding_no_more_and_runs(slug):
    raw, done = repaired(CASES[slug][0]())
    assert slug in {each.slug for each in done}
    assert check_graph(raw) == ()
    network = Network(assemble(raw), Contract())
    assert run_network(network, {"input": np.ones((1, 3, 2, 6, 6))})["lif"].output.sum() >= 0


def test_all_findings_are_told_at_once_errors_first():
    raw = SOUND.change("lif", tau=np.full(3, -1.0)).change("fc", bias=np.full(3, np.nan)).put("x", RawNode("Maxpool"))
    raw = edges(raw, ("fc", "lif"), ("x", "gone"), ("lif", "conv"))
    slugs = [each.slug for each in check_graph(raw)]
    assert {"tau-not-positive", "not-finite", "unknown-type", "duplicate-edge", "dangling-edge", "unfed"} <= set(slugs)
    severities = [each.severity for each in check_graph(raw)]
    assert severities == sorted(severities, key=("error", "warning", "info").index)


def test_one_wrong_layer_does_not_hide_the_next():
    raw = SOUND.change("fc", weight=np.ones((3, 63))).change("output", shape=np.array([4]))
    assert {("shape-mismatch", "fc"), ("shape-mismatch", "output")} <= told(raw)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kernel", [(3, 3), (3, 5), (1, 3)])
def test_kernels_that_nir_types_wrongly_keep_their_meaning_in_another_form(groups, kernel):
    weight = np.random.default_rng(0).normal(size=(4, 2 // groups, *kernel))
    nodes = {
        "input": nir.Input({"input": np.array([2, 7, 8])}),
        "conv": nir.Conv2d((7, 8), weight, (1, 2), (1, 1), 1, groups, np.ones(4)),
        "sum": nir.Scale(np.ones(1)),
    }
    raw = raw_of(nir.NIRGraph(nodes, [("input", "conv"), ("conv", "sum")], type_check=False))
    other, _ = repaired(raw)
    x = {"input": np.random.default_rng(1).normal(size=(1, 2, 2, 7, 8))}
    before, after = (run_network(Network(assemble(each), Contract()), x)["sum"].output for each in (raw, other))
    np.testing.assert_allclose(after, before, atol=1e-12)
    assert {each.slug for each in check_graph(other)} <= {"no-output", "unheard"}
    shape = other.nodes["conv"].fields["weight"].shape
    assert shape[2] == shape[3] and shape[1] == 2


@pytest.mark.parametrize(
    ("size", "stride", "kernel", "padding"), [(7, 2, 3, 1), (9, 4, 5, 2), (8, 2, 3, None), (5, 3, 5, None)]
)
def test_same_padding_with_a_stride_is_written_out_where_it_is_symmetric(size, stride, kernel, padding):
    """TensorFlow's rule: the output has ceil(size / stride) places, the padding is what that needs."""
    nodes = {
        "input": nir.Input({"input": np.array([1, size, size])}),
        "conv": nir.Conv2d(None, np.ones((1, 1, kernel, kernel)), stride, "same", 1, 1, np.zeros(1)),
    }
    raw = raw_of(nir.NIRGraph(nodes, [("input", "conv")], type_check=False))
    [found] = [each for each in check_graph(raw) if each.slug == "strided-same"]
    other, _ = repaired(raw)
    if padding is None:
        assert found.repair is None and other.nodes["conv"].fields["padding"] == "same"
        return
    assert other.nodes["conv"].fields["padding"].tolist() == [padding, padding]
    assert Network(assemble(other), Contract()).shapes["conv"] == (1, -(-size // stride), -(-size // stride))


def test_feedback_with_a_bias_is_told():
    raw = SOUND.put("rec", RawNode("Affine", {"weight": np.eye(3), "bias": np.ones(3)}))
    raw = edges(raw, ("lif", "rec"), ("rec", "lif"))
    assert ("recurrent-bias", "rec") in told(raw)
    assert ("recurrent-bias", "fc") not in told(raw)


def test_an_infinite_time_constant_is_an_integrator():
    raw, _ = repaired(SOUND.change("lif", tau=np.full(3, np.inf), r=np.full(3, np.inf)))
    assert raw.nodes["lif"].kind == "IF"
    assert raw.nodes["lif"].fields["r"].tolist() == [1, 1, 1]


def test_a_chain_far_longer_than_python_recurses_is_judged() -> None:
    assert check_graph(chain(1500)) == ()


def test_a_batch_before_the_shapes_is_seen_from_far_away() -> None:
    raw = chain(1500)
    raw = raw.change("output", shape=np.array([1, 1]))
    assert [finding.node for finding in check_graph(raw)] == ["output"]
    assert check_graph(repaired(raw)[0]) == ()
