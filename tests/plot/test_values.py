"""Pictures of programs, costs, placements, suites and figures: the numbers drawn are those of the value."""

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.conformance.report import Conformance, Outcome
from neurodeploy.evidence import INDEPENDENT
from tests.report import faulty


@pytest.fixture(scope="module")
def network() -> nd.Network:
    return faulty.network()


@pytest.fixture(scope="module")
def program(network: nd.Network) -> nd.Program:
    return nd.quantize(network, "loihi2").program


@pytest.fixture(scope="module")
def report(network: nd.Network) -> nd.Report:
    return nd.check(network, faulty.stimulus(), targets=["fixed"], options={"weight-bits": 3}, causes=True)


def test_a_notebook_gets_the_image_with_words_for_those_who_cannot_see_it(program: nd.Program) -> None:
    data, metadata = nd.plot.graph(program)._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert "fc1 (dense) from camera to hidden" in data["text/plain"]


def test_weights_are_counted(program: nd.Program) -> None:
    figure = nd.plot.weights(program)
    drawn = [sum(bar.get_height() for bar in axes.patches) for axes in figure.axes]
    assert drawn == [p.weights.size for p in program.projections]


def test_kernels_are_those_of_the_machine() -> None:
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    weights = np.arange(18).reshape(2, 1, 3, 3) / 16
    drive = build.conv("conv", build.input("camera", (1, 4, 4)), weights)
    build.output("output", build.lif("out", drive, tau=4e-3, threshold=1.0))
    program = nd.quantize(build.build(), "loihi2").program
    figure = nd.plot.kernels(program, "conv")
    shown = figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(shown, program.projections[0].weights[1, 0])
    with pytest.raises(nd.InputError, match=r"no kernels of 'fc1'"):
        nd.plot.kernels(program, "fc1")


def test_room_shows_the_worst_case_and_what_arrived(network: nd.Network, program: nd.Program) -> None:
    trace = nd.run(network, faulty.stimulus(), on="program", states=True, options={"numerics": "loihi2"})
    figure = nd.plot.room(program, trace)
    drawn = {patch.get_label(): patch.get_data() for patch in figure.axes[0].patches}
    worst, seen = drawn["possible at worst"], drawn["in this run"]
    assert np.all(seen.values <= worst.values) and np.all(seen.baseline >= worst.baseline)
    assert 0 < worst.values.max() <= 1


def test_agreement_has_a_bar_for_a_node_of_a_check(report: nd.Report) -> None:
    figure = nd.plot.agreement({"3 bits": report})
    expected = [node.jaccard for node in report.rungs[0].nodes.values()]
    assert [bar.get_height() for bar in figure.axes[0].patches] == pytest.approx(expected)
    with pytest.raises(nd.InputError, match="no rung"):
        nd.plot.agreement({"3 bits": report}, rungs=("program", "board"))


def test_losses_are_the_costs_of_the_report(report: nd.Report) -> None:
    figure = nd.plot.losses(report)
    weights = next(bars for bars in figure.axes[0].containers if bars.get_label() == "weights")
    measured = report.rungs[0].losses
    assert measured is not None
    expected = [max(0, loss.costs.get("weights", 0)) for loss in measured.populations.values()]
    assert [bar.get_width() for bar in weights] == pytest.approx(expected)
    with pytest.raises(nd.InputError, match="no costs"):
        nd.plot.losses(nd.check(faulty.network(), faulty.stimulus(), targets=[], causes=False))


def test_cores_have_the_color_of_what_they_hold(program: nd.Program) -> None:
    placement = nd.place(program, "loihi2")
    figure = nd.plot.cores(placement)
    assert len(figure.axes[0].texts) == len(placement.occupied)
    assert "hidden on 1" in figure.alt and "out on 1" in figure.alt


def test_conformance_counts_cases_by_operator() -> None:
    outcomes = tuple(
        Outcome(f"{operator}/{number}", operator, "a", "e", status)
        for number, (operator, status) in enumerate(
            (("dense", "passed"), ("dense", "failed"), ("conv2d", "unsupported"))
        )
    )
    figure = nd.plot.conformance(Conformance("chip", "int32", {}, 0, 0, outcomes, {}, INDEPENDENT))
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in figure.axes[0].containers}
    assert widths == {"passed (1)": [1, 0], "unsupported (1)": [0, 1], "failed (1)": [1, 0]}


def test_curves_keep_their_values_and_leave_gaps_at_zero() -> None:
    figure = nd.plot.curves([0, 4], {"a": [0.1, 0.0]}, title="t", xlabel="x", ylabel="y", logarithmic=True)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [0.1, np.nan])
    with pytest.raises(nd.InputError, match="7 curves"):
        nd.plot.curves([0], {str(n): [1] for n in range(7)}, title="t", xlabel="x", ylabel="y")


def test_frames_add_up_channels_and_name_their_steps() -> None:
    values = np.arange(3 * 2 * 4 * 4).reshape(3, 2, 4, 4)
    figure = nd.plot.frames(values, title="events", unit="events", steps=[0, 2])
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), values[2].sum(0))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["step 0", "step 2"]
    with pytest.raises(nd.InputError, match="no step 3"):
        nd.plot.frames(values, title="events", unit="events", steps=[3])


@pytest.mark.parametrize("color", [*nd.plot.canvas.LINES, *nd.plot.canvas.STATES.values()])
def test_colors_are_told_from_the_page(color: str) -> None:
    """Contrast to white, by the definition of WCAG 2."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    assert 1.05 / (np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05) >= 4.5
