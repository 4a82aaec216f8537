"""``events info``, and recordings as the stimulus of ``run`` and ``check``."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import InputError
from neurodeploy.events import Frames, Sensor, from_array, make_events, open_events, save_events
from neurodeploy.events.summary import summarize
from neurodeploy.flow import export, run
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.stimuli.recordings import Framing, read_recording
from neurodeploy.trace import Trace
from tests.cli.support import call, refused
from tests.events.support import SAMPLES, events_of, needs_faery, needs_samples, random_events, write

SENSOR = Sensor(16, 12)


def network(shape: tuple[int, ...] = (2, 6, 8), values: InputRange | None = None) -> Network:
    """An input and one neuron per cell of it that fires with every event."""
    build = NetworkBuilder(Terms(dt=1e-3))
    at = build.input("input", shape, values)
    at = build.flatten("flat", at)
    at = build.linear("fc", at, np.eye(int(np.prod(shape))))
    at = build.integrate("cells", at, 0.5)
    build.output("output", at)
    return build.build()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(folder: Path) -> Path:
    write_network(network(), folder / "net.nir")
    return Path("net.nir")


@pytest.fixture
def recording(folder: Path) -> Path:
    save_events(from_array(random_events(0, 400, SENSOR, duration=40_000), SENSOR), folder / "recording.npz")
    return Path("recording.npz")


def ran(*arguments: object) -> Any:
    """Spikes of the neurons, ``(T, C * H * W)``."""
    result = call("run", *arguments, "-o", "trace.npz", "-q")
    assert (result.code, result.err) == (0, "")
    return Trace.load(Path("trace.npz"))["cells"].output[0]


def test_a_network_runs_on_a_recording(model: Path, recording: Path) -> None:
    found = ran(model, "--input", recording, "--window", "1ms", "--downscale", 2)
    expected = Frames(window="1ms", downscale=2, values="binary").read(open_events(recording))
    assert expected.sum() > 300
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)


def test_a_bundle_runs_and_is_checked_on_a_recording(recording: Path) -> None:
    export(network(), "fixed", Path("net.fixed"))
    options = ("--input", recording, "--count", 20, "--downscale", 2, "--polarity", "both-off-first")
    expected = Frames(count=20, downscale=2, polarity="both-off-first", values="binary").read(open_events(recording))
    np.testing.assert_array_equal(ran("net.fixed", *options).reshape(expected.shape), expected)
    result = call("check", "net.fixed", *options, "--json")
    assert result.code == 0
    assert result.data["verdict"] == "agree"
    assert result.data["rungs"][-1]["nodes"]["cells"]["expected_spikes"] == expected.sum()


def test_steps_are_the_first_of_a_recording(model: Path, recording: Path) -> None:
    whole = ran(model, "--input", recording, "--window", "2ms", "--downscale", 2)
    np.testing.assert_array_equal(
        ran(model, "--input", recording, "--window", "2ms", "--downscale", 2, "--steps", 5), whole[:5]
    )


def test_one_channel_takes_all_events_and_fit_rescales(recording: Path) -> None:
    write_network(network((1, 5, 7)), Path("one.nir"))
    found = ran("one.nir", "--input", recording, "--window", "1ms", "--downscale", "fit")
    expected = Frames(window="1ms", size=(5, 7), polarity="merged", values="binary").read(open_events(recording))
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)


@pytest.mark.parametrize(
    ("declared", "values", "grid"),
    [
        (InputRange(0, 1, 1), "binary", None),
        (InputRange(0, 1, 1 / 16, declared=True), "normalized", 1 / 16),
        (InputRange(0, 255, 1, declared=True), "counts", None),
    ],
)
def test_values_are_those_that_the_input_declares(
    declared: InputRange, values: Any, grid: float | None, recording: Path
) -> None:
    made = network(values=declared)
    found = read_recording(recording, made, Framing(window="2ms", downscale=2))["input"]
    expected = Frames(window="2ms", downscale=2, values=values, grid=grid).read(open_events(recording))
    np.testing.assert_array_equal(found[0], expected)
    counts = read_recording(recording, made, Framing(window="2ms", downscale=2, values="counts"))["input"]
    assert counts.max() > 1


def test_a_recording_that_does_not_say_its_sensor_is_taken_to_fit(model: Path) -> None:
    path = write("csv", Path(), random_events(0, 300, SENSOR))
    assert ran(model, "--input", path, "--window", "10ms", "--downscale", 2).sum() > 100
    told = refused("run", model, "--input", path, "--window", "10ms")
    assert "lies outside 8 x 6 pixels" in told
    assert "does not say how large the sensor is" in refused(
        "run", model, "--input", path, "--window", "10ms", "--downscale", "fit"
    )


@pytest.mark.parametrize(
    ("shape", "options", "told", "remedy"),
    [
        ((2, 6, 8), ("--window", "1ms"), "(2, 12, 16) of its 16 x 12 pixels", "--downscale 2"),
        ((2, 5, 8), ("--window", "1ms"), "needs (2, 5, 8)", "--downscale fit"),
        ((1, 6, 8), ("--window", "1ms", "--polarity", "both"), "(2, 12, 16)", "--polarity merged"),
        ((2, 12, 16), ("--count", 9, "--polarity", "on"), "(1, 12, 16)", "--polarity both"),
        ((3, 12, 16), ("--count", 9), "(1, 12, 16)", "neurodeploy.events.Frames"),
        ((30,), ("--count", 9), "a network with one input (C, H, W)", "neurodeploy.events.Frames"),
        ((2, 6, 8), (), "is a recording of events", "--window 10ms"),
        ((2, 6, 8), ("--window", "1ms", "--count", 3), "several are given", "say what a frame is"),
        ((2, 6, 8), ("--window", "soon"), "no length of time", "10ms"),
        ((2, 6, 8), ("--window", "1ms", "--polarity", "up"), "--polarity: 'up' is not known", "choose from both"),
        ((2, 6, 8), ("--window", "1ms", "--values", "up"), "--values: 'up' is not known", "choose from counts"),
        ((2, 6, 8), ("--window", "1ms", "--downscale", "half"), "'half' is no downscale", "or fit"),
    ],
)
def test_what_does_not_fit_says_what_would(
    shape: tuple[int, ...], options: tuple[object, ...], told: str, remedy: str, recording: Path
) -> None:
    write_network(network(shape), Path("other.nir"))
    for verb in ("run", "check"):
        message = refused(verb, "other.nir", "--input", recording, *options)
        assert told in message
        assert remedy in message.partition("remedy:")[2]


def test_the_order_of_the_polarity_channels_is_said_unless_it_is_chosen(folder: Path) -> None:
    write_network(network((2, 34, 34)), Path("net.nir"))
    Path("rec.bin").write_bytes(bytes([3, 4, 1 << 7, 0, 100]))  # one ON event at column 3, row 4
    for options, channel, said in (
        ((), 0, "two channels are ON, OFF; frames of tonic and SpikingJelly have OFF, ON"),
        (("--polarity", "both"), 0, ""),
        (("--polarity", "both-off-first"), 1, ""),
    ):
        result = call("run", "net.nir", "--input", "rec.bin", "--window", "1ms", "-o", "trace.npz", *options)
        assert (said in result.err) if said else (result.err == "")
        spikes = Trace.load(Path("trace.npz"))["cells"].output[0].reshape(-1, 2, 34, 34)
        assert np.argwhere(spikes).tolist() == [[0, channel, 4, 3]]
    checked = call("check", "net.nir", "--input", "rec.bin", "--window", "1ms", "--target", "fixed", "--json").data
    assert "polarity-order" in [finding["slug"] for finding in checked["findings"]]
    write_network(network((1, 34, 34)), Path("one.nir"))
    assert "merged into the one channel" in call("run", "one.nir", "--input", "rec.bin", "--window", "1ms").err
    help_text = "".join(call("run", "--help").out.split())
    assert "both(channelsON,OFF),both-off-first(OFF,ON,asinframesoftonicandSpikingJelly)" in help_text


def test_a_table_without_names_says_how_it_is_read(folder: Path) -> None:
    write_network(network((2, 34, 34)), Path("net.nir"))
    Path("xypt.csv").write_text("6,4,0,100\n7,9,1,200\n")
    guessed = call("events", "info", "xypt.csv")
    assert "read as x, y, p, t" in guessed.err
    assert call("events", "info", "xypt.csv", "--columns", "x,y,p,t", "-q").err == ""
    run_so = ("run", "net.nir", "--input", "xypt.csv", "--window", "1ms", "-q")
    assert "read as x, y, p, t" in call(*run_so).err
    assert call(*run_so, "--columns", "x,y,p,t").err == ""
    told = call("events", "info", "xypt.csv", "--columns", "x,y,p,t", "--time-unit", "ms", "--json").data
    assert (told["first_us"], told["last_us"]) == (100_000, 200_000)
    Path("empty.csv").write_text("t,x,y,p\n")
    assert "holds no events" in refused("run", "net.nir", "--input", "empty.csv", "--window", "1ms")


def test_a_recording_out_of_order_is_sorted_on_request(folder: Path) -> None:
    write_network(network((2, 34, 34)), Path("net.nir"))
    Path("late.csv").write_text("t,x,y,p\n100,1,1,1\n90,2,1,1\n200,3,1,1\n")
    options = ("run", "net.nir", "--input", "late.csv", "--window", "1ms")
    assert "--sort 1ms" in refused(*options)
    assert call(*options, "--sort", "1ms", "-q").code == 0
    assert call("events", "info", "late.csv", "--sort", "1ms", "--json").data["monotone"]


def test_options_of_recordings_need_one(model: Path, recording: Path) -> None:
    np.savez("arrays.npz", input=np.zeros((3, 2, 6, 8)))
    for stimulus in ((), ("--input", "arrays.npz")):
        assert "--window: there is no recording" in refused("run", model, *stimulus, "--window", "1ms")
        assert "--polarity: there is no recording" in refused("check", model, *stimulus, "--polarity", "on")
    assert call("run", model, "--input", "arrays.npz", "-q").code == 0
    assert "--batch: a recording is one sample" in refused("run", model, "--input", recording, "--count", 9, "--batch")
    assert "no such file" in refused("run", model, "--input", "gone.aedat4", "--window", "1ms")


def test_python_runs_on_a_recording_and_on_frames_of_it(recording: Path) -> None:
    with pytest.raises(InputError, match=r"is a recording of events\n  remedy: say what a frame is"):
        run(network(), recording)
    frames = Frames(window="1ms", downscale=2, values="binary").read(open_events(recording))
    framed = run(network(), recording, window="1ms", downscale=2)["cells"].output[0]
    given = run(network(), {"input": frames})["cells"].output[0]
    np.testing.assert_array_equal(framed.reshape(frames.shape), frames)
    np.testing.assert_array_equal(given, framed)


def test_info_says_what_a_recording_holds(recording: Path) -> None:
    events = events_of(open_events(recording))
    told = call("events", "info", recording, "--json").data
    assert (told["format"], told["sensor"], told["events"]) == ("npz", [16, 12], 400)
    assert (told["on"], told["off"]) == (int(events["p"].sum()), 400 - int(events["p"].sum()))
    assert (told["first_us"], told["last_us"]) == (int(events["t"][0]), int(events["t"][-1]))
    assert told["events_per_s"] == pytest.approx(400 / told["duration_s"])
    assert (told["monotone"], told["outside"], told["findings"]) == (True, 0, [])
    shown = call("events", "info", recording)
    assert shown.err == ""
    assert all(word in shown.out for word in ("16 x 12 pixels", "events/s", "% ON", "hot pixels"))
    assert call("events", "info", recording, "-q").out == ""


def test_a_source_and_its_summary_are_short_at_a_prompt_and_tables_in_a_notebook(recording: Path) -> None:
    source = open_events(recording)
    assert repr(source) == "EventSource(recording.npz, npz, 16 x 12)"
    assert "16 x 12" in source._repr_html_()
    summary = summarize(source)
    assert repr(summary).startswith("Summary(recording.npz: npz, 400 events, 0.03")
    assert all(text in summary._repr_html_() for text in ("recording.npz", "400", "% ON", "events/s"))


def test_info_reports_hot_pixels_disorder_and_strays() -> None:
    events = random_events(0, 4000, SENSOR, duration=2_000_000)
    events["x"][::5], events["y"][::5] = 2, 9
    events["t"][100] = 0
    events["x"][200] = 99
    save_events(from_array(events, SENSOR), Path("bad.npz"))
    result = call("events", "info", "bad.npz", "--json")
    assert result.code == 0
    told = result.data
    assert (told["monotone"], told["backwards"], told["outside"], told["extent"]) == (False, 1, 1, [100, 12])
    assert (told["hot_pixels"], told["hottest"][0]["x"], told["hottest"][0]["y"]) == (1, 2, 9)
    assert told["hottest"][0]["events_per_s"] == pytest.approx(800 / told["duration_s"], rel=0.05)
    assert [each["slug"] for each in told["findings"]] == ["time-backwards", "outside-sensor"]
    assert "time runs backwards at 1 of 4,000 events" in call("events", "info", "bad.npz", "-q").err
    assert call("events", "info", "bad.npz", "--sensor", "100x12", "--json").data["outside"] == 0


def test_info_of_a_recording_without_events() -> None:
    save_events(from_array(make_events([], [], [], []), SENSOR), Path("none.npz"))
    told = call("events", "info", "none.npz", "--json").data
    assert (told["events"], told["first_us"], told["events_per_s"], told["extent"]) == (0, None, None, None)
    assert call("events", "info", "none.npz").code == 0


def test_info_refuses_what_is_no_recording() -> None:
    Path("cut.bin").write_bytes(bytes(12))
    assert "byte 10" in refused("events", "info", "cut.bin")
    assert "no such file" in refused("events", "info", "gone.bin")
    assert "'wide' is no size" in refused("events", "info", "cut.bin", "--sensor", "wide")


@needs_samples
@needs_faery
def test_a_real_recording_runs() -> None:
    write_network(network((2, 24, 32)), Path("real.nir"))
    found = ran("real.nir", "--input", SAMPLES / "sample.aedat4", "--window", "10ms", "--downscale", 10)
    assert found.shape == (60, 2 * 24 * 32)
    assert found.sum() > 10_000
    told = call("events", "info", SAMPLES / "sample.aedat4", "--json").data
    assert (told["format"], told["sensor"], told["events"], told["on"]) == ("AEDAT4", [320, 240], 111_954, 55_023)
