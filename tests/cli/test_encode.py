"""``encode`` and ``decode``: signals to spikes in a file, and back from that file alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.encoding import PulseWidth, StepForward
from tests.cli.support import call, refused

T = np.arange(200)
SIGNAL = np.stack([np.sin(T / 9), 3 * np.cos(T / 17)]).astype(np.float32)


@pytest.fixture(autouse=True)
def signal(folder: Path) -> None:
    lines = ["left,right", *(f"{a!r},{b!r}" for a, b in SIGNAL.T.tolist())]
    Path("signal.csv").write_text("\n".join(lines) + "\n")


def test_a_table_goes_there_and_back() -> None:
    told = call("encode", "signal.csv", "--method", "pulse-width", "-p", "frequency=80,90", "-o", "s.npz", "--json")
    assert told.code == 0
    assert told.err == ""
    assert told.data["coder"]["frequency"] == [80, 90]
    coder = PulseWidth((80, 90)).fit(SIGNAL)
    with np.load("s.npz") as file:
        np.testing.assert_array_equal(file["spikes"], coder.encode(SIGNAL))
    assert told.data["spikes"] == np.count_nonzero(coder.encode(SIGNAL))
    Path("signal.csv").unlink()
    assert call("decode", "s.npz", "-o", "back.npy").code == 0
    expected = coder.decode(coder.encode(SIGNAL), SIGNAL[:, 0])
    np.testing.assert_array_equal(np.load("back.npy"), expected)
    assert call("decode", "s.npz").out.strip() == "wrote s.csv"
    np.testing.assert_allclose(np.loadtxt("s.csv", delimiter=",").T, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(200,), (2, 100), (2, 2, 50)])
def test_arrays_in_any_shape(shape: tuple[int, ...]) -> None:
    values = SIGNAL.reshape(-1)[: np.prod(shape)].reshape(shape)
    np.save("x.npy", values)
    np.savez("x.npz", other=values, wanted=values)
    assert call("encode", "x.npy", "-p", "threshold=0.1", "-q").out == ""
    assert call("encode", "x.npz", "--array", "wanted", "-p", "threshold=0.1", "-o", "y.npz").code == 0
    for name in ("x.spikes.npz", "y.npz"):
        with np.load(name) as file:
            np.testing.assert_array_equal(file["spikes"], StepForward(0.1).encode(values))
    assert call("decode", "y.npz", "-o", "back.npz").code == 0
    with np.load("back.npz") as file:
        assert file["signal"].shape == shape


def test_a_column_of_times_is_not_encoded_without_a_word() -> None:
    named = ["time;left", *(f"{t / 7 + t % 3 / 100!r};{a!r}" for t, a in enumerate(SIGNAL[0].tolist()))]
    Path("named.csv").write_text("\n".join(named) + "\n")
    assert "column 1 (time) looks like a column of times" in call("encode", "named.csv", "-q").err
    even = [f"{0.1 * t!r},{a!r}" for t, a in enumerate(SIGNAL[0].tolist())]
    Path("even.csv").write_text("\n".join(even) + "\n")
    assert "column 1 looks like a column of times" in call("encode", "even.csv", "-q").err
    findings = call("encode", "even.csv", "--json").data["findings"]
    assert [finding["slug"] for finding in findings] == ["time-column"]
    assert call("encode", "signal.csv", "-q").err == ""


def test_a_signal_without_a_spike_is_a_warning() -> None:
    told = call("encode", "signal.csv", "-p", "threshold=100", "-q")
    assert told.code == 0
    assert "step-forward gives no spike for this signal" in told.err


def test_what_it_says_can_be_used_again() -> None:
    first = call(
        "encode", "signal.csv", "-m", "leaky-integrate-and-fire", "-p", "constant=0.4", "--json", "-o", "a.npz"
    )
    Path("coder.json").write_text(first.out)
    second = call("encode", "signal.csv", "--coder", "coder.json", "--json", "-o", "b.npz")
    assert second.data["coder"] == first.data["coder"]
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    other = call("encode", "signal.csv", "--coder", "coder.json", "-p", "threshold=0.3", "--json")
    assert other.data["coder"] == {**first.data["coder"], "threshold": 0.3}


@pytest.mark.parametrize("method", ["rate", "latency", "population", "delta", "bens-spiker"])
def test_every_method(method: str) -> None:
    told = call("encode", "signal.csv", "-m", method, "--json")
    assert told.code == 0
    assert told.data["spikes"] > 0
    assert call("decode", "signal.spikes.npz", "-o", "back.csv").code == 0
    assert np.loadtxt("back.csv", delimiter=",").shape == (200, 2)


def test_random_trains_follow_the_seed() -> None:
    trains = []
    for n, seed in enumerate((1, 1, 2)):
        call("encode", "signal.csv", "-m", "rate", "-p", "method=poisson", "--seed", seed, "-o", f"{n}.npz")
        trains.append(Path(f"{n}.npz").read_bytes())
    assert trains[0] == trains[1] != trains[2]


def test_a_coder_without_inverse() -> None:
    ends = ("-p", "low=-3", "-p", "high=3")
    told = call("encode", "signal.csv", "-m", "gymnasium", *ends, "--json")
    assert told.code == 0
    assert "mse" not in told.data
    assert "gymnasium has no inverse" in refused("decode", "signal.spikes.npz")


def test_optimizing_and_drawing() -> None:
    pytest.importorskip("optuna", reason="optimizing needs the extra optimize")
    common = ("encode", "signal.csv", "--optimize", "--trials", 15, "--json")
    told = call(*common, "--plot", "out.svg", "-o", "spikes.npz").data
    assert told["mse"] < call("encode", "signal.csv", "--json").data["mse"]
    assert Path("out.svg").read_text().startswith("<?xml")
    first = Path("spikes.npz").read_bytes(), Path("out.svg").read_bytes()
    call(*common, "--plot", "out.svg", "-o", "spikes.npz")
    assert (Path("spikes.npz").read_bytes(), Path("out.svg").read_bytes()) == first
    front = call(*common, "--objective", "mse", "--objective", "density").data["front"]
    assert len(front) > 1
    assert {"coder", "mse", "density"} == front[0].keys()


BAD = {
    "no such file": (("encode", "none.csv"), "there is no such file", "check the path"),
    "no signal": (("encode", "coder.json"), "no kind of file", "give a .csv"),
    "a gap": (("encode", "gap.csv"), "row 2 is no row of 2 numbers", "fill or remove"),
    "not a number": (("encode", "nan.csv"), "nan.csv: is not finite at row 2, column 1", "fill gaps"),
    "nothing": (("encode", "empty.csv"), "holds no samples", "one row per sample"),
    "objects": (("encode", "object.npy"), "object.npy: cannot be read", "give a .csv"),
    "several arrays": (("encode", "two.npz"), "holds these arrays: a, b", "--array"),
    "no such method": (("encode", "signal.csv", "-m", "morse"), "unknown method 'morse'", "step-forward"),
    "misspelled method": (("encode", "signal.csv", "-m", "step-forwrd"), "'step-forwrd'", "mean step-forward?"),
    "no such parameter": (("encode", "signal.csv", "-p", "gain=2"), "no parameter 'gain'", "threshold"),
    "bad parameter": (("encode", "signal.csv", "-p", "threshold=-2"), "not a number above 0", "remedy"),
    "no assignment": (("encode", "signal.csv", "-p", "threshold"), "is not key=value", "threshold=0.1"),
    "too many parameters": (("encode", "signal.csv", "-p", "threshold=1,2,3"), "3 values for 2 signals", "remedy"),
    "objective without optimizing": (("encode", "signal.csv", "--objective", "mse"), "--objective: is for", "remedy"),
    "no coder": (("encode", "signal.csv", "--coder", "coder.json"), "names no coder", "give a kind"),
    "no JSON": (("encode", "signal.csv", "--coder", "signal.csv"), "cannot read the coder", "JSON"),
    "out is no npz": (("encode", "signal.csv", "-o", "out.csv"), "no .npz", "FILE.npz"),
    "unknown picture": (("encode", "signal.csv", "--plot", "out.bmp"), "cannot draw .bmp", ".svg"),
    "no spikes": (("decode", "signal.csv"), "holds no encoded signal", "encode wrote"),
    "no such spikes": (("decode", "none.npz"), "there is no such file", "check the path"),
    "unknown result": (("decode", "good.npz", "-o", "x.wav"), "no kind of file", "write a .csv"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_done_is_refused(name: str) -> None:
    arguments, *told = BAD[name]
    Path("gap.csv").write_text("1,2\n3,\n")
    Path("nan.csv").write_text("1\nnan\n3\n")
    Path("empty.csv").write_text("")
    Path("coder.json").write_text(json.dumps({"kind": "morse"}))
    np.save("object.npy", np.array([None], dtype=object), allow_pickle=True)
    np.savez("two.npz", a=SIGNAL, b=SIGNAL)
    call("encode", "signal.csv", "-o", "good.npz")
    before = sorted(Path().iterdir())
    message = refused(*arguments)
    assert all(each in message for each in told), message
    assert sorted(Path().iterdir()) == before
