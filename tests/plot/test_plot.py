"""Pictures of reports and traces as figures: what they show is what was recorded, and errors say what to do."""

from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from tests.report import faulty


@pytest.fixture(scope="module")
def report() -> nd.Report:
    with pytest.MonkeyPatch.context() as patch:
        return faulty.check(patch)


def svg(figure: Any) -> str:
    out = BytesIO()
    figure.savefig(out, format="svg")
    return out.getvalue().decode()


def dots(figure: Any) -> dict[str, int]:
    """By label of a group, how many marks it has."""
    groups = figure.axes[0].collections
    return {group.get_label().partition(" (")[0]: len(group.get_offsets()) for group in groups}


def test_a_raster_has_a_mark_for_every_spike_and_its_own_for_those_that_differ(report: nd.Report) -> None:
    shown = dots(nd.plot.raster(report, "hidden"))
    node = report.recording.windows[0].nodes["hidden"]  # type: ignore[union-attr]
    expected, actual = (node.rungs[rung].output for rung in ("program", "chip"))
    assert shown == {
        "both the same": np.count_nonzero((expected != 0) & (actual == expected)),
        "only program": np.count_nonzero((expected != 0) & (actual == 0)),
        "only chip": np.count_nonzero((expected == 0) & (actual != 0)),
    }
    assert dots(nd.plot.raster(report, "hidden", rungs=("program", "fixed"))).keys() == {"both the same"}


def test_a_trace_has_a_raster_too() -> None:
    trace = nd.run(faulty.network(), faulty.stimulus(), on="program")
    shown = dots(nd.plot.raster(trace, "out", sample=1))
    assert shown == {"sent": np.count_nonzero(trace["out"].output[1])}
    with pytest.raises(nd.InputError, match="there is no sample 2"):
        nd.plot.raster(trace, "out", sample=2)


def test_a_membrane_is_drawn_in_the_unit_of_the_network_with_its_threshold(report: nd.Report) -> None:
    figure = nd.plot.membrane(report, "hidden", (38,))
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert lines.keys() == {"program", "chip", "threshold"}
    trace = nd.run(faulty.network(), faulty.stimulus(), on="network", states=True)
    assert lines["program"].get_ydata() == pytest.approx(trace["hidden"].v[0, :, 38], abs=1e-3)
    assert lines["threshold"].get_ydata()[0] == 0.5


def test_a_divergence_shows_both(report: nd.Report) -> None:
    figure = nd.plot.divergence(report)
    first = report.first_divergence
    assert first is not None and len(figure.axes) == 2
    assert f"hidden {first.neuron}, step {first.step}" in figure.axes[0].get_title()
    with pytest.raises(nd.InputError, match="nothing diverged from program to fixed"):
        nd.plot.divergence(report, rungs=("program", "fixed"))


def test_coverage_and_graph_name_every_node_and_are_written_as_svg_and_png(report: nd.Report) -> None:
    names = [text.get_text() for text in nd.plot.coverage(report).axes[0].get_yticklabels()]
    assert names == ["hidden", "out"]
    figure = nd.plot.graph(report)
    texts = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert {text.split("\n")[0] for text in texts} == {"camera", "fc1", "hidden", "fc2", "out", "output"}
    assert "hidden\nLIF 40\ndiffers" in texts and "out\nLIF 3\ninherited" in texts
    assert svg(figure).startswith("<?xml")
    out = BytesIO()
    figure.savefig(out, format="png")
    assert out.getvalue().startswith(b"\x89PNG")


def test_what_is_not_there_is_named(report: nd.Report) -> None:
    with pytest.raises(nd.InputError, match="there is no node 'hiden'"):
        nd.plot.raster(report, "hiden")
    with pytest.raises(nd.InputError, match="has no rung 'board'"):
        nd.plot.raster(report, "out", rungs=("program", "board"))
    with pytest.raises(nd.InputError, match="was not recorded"):
        nd.plot.membrane(report, "out", (7,))
    with pytest.raises(nd.InputError, match="no recording"):
        nd.plot.raster(nd.Report((), {}), "out")


def test_without_matplotlib_the_extra_is_named(report: nd.Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(nd.UnavailableError, match=r"(?s)nd.plot.coverage.*neurodeploy\[plot\]"):
        nd.plot.coverage(report)


def test_a_long_chain_is_folded_to_the_width_of_a_page() -> None:
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    at = build.input("in", (2,))
    for layer in range(6):
        at = build.lif(f"lif{layer}", build.linear(f"fc{layer}", at, np.ones((2, 2))), tau=4e-3, threshold=0.5)
    build.output("output", at)
    figure = nd.plot.graph(nd.quantize(build.build(), "loihi2").program)
    assert figure.get_size_inches()[0] <= 8.5
    boxes = {text.get_text().split("\n")[0]: text.get_position() for text in figure.axes[0].texts if text.get_text()}
    places = [boxes[name] for name in ("in", *(f"lif{layer}" for layer in range(6)))]
    assert len(set(boxes.values())) == len(boxes) == 13  # seven populations and six projections
    apart = [(abs(a[0] - b[0]), abs(a[1] - b[1])) for a, b in pairwise(places)]
    assert all((x, y) == (1, 0) or (x == 0 and 1 <= y < 2) for x, y in apart)
