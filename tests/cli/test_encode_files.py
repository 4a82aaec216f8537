"""``encode`` writes all of its files or none, and names the file and the place of what it cannot read."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.network.file import write_network
from tests.cli.support import call, process, refused, small_network


@pytest.fixture(autouse=True)
def table(folder: Path) -> None:
    Path("signal.csv").write_text("left,right\n1,2\n3,4\n2,5\n")


UNFIT = {
    "nan.csv": ("left,right\n1,2\n\n3,nan\n", "nan.csv: is not finite at row 4, column 2 (right)", "fill gaps"),
    "inf.csv": ("1;2\n-inf;3\n", "inf.csv: is not finite at row 2, column 1", "fill gaps"),
    "large.csv": ("1,2\n3,-1e300\n", "large.csv: is -1e+300 at row 2, column 2, beyond single", "within ±3.4e+38"),
    "gap.csv": ("left,right\n\n1,2\n3,\n", "gap.csv: row 4 is no row of 2 numbers", "fill or remove"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_number_that_is_none_is_named_by_file_row_and_column(name: str) -> None:
    text, *told = UNFIT[name]
    Path(name).write_text(text)
    done = process("encode", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(each in done.stderr for each in told), done.stderr
    assert len(done.stderr.splitlines()) == 2, "one error and its remedy, no warning beside them"


def test_a_number_that_is_none_is_named_by_its_place_in_an_array() -> None:
    for name, value in (("nan.npy", np.nan), ("large.npy", 1e300)):
        values = np.ones((2, 5))
        values[1, 3] = value
        np.save(name, values)
        assert f"{name}: is " in refused("encode", name)
        assert "at [1, 3]" in refused("encode", name)


def test_a_folder_is_no_signal() -> None:
    Path("folder.csv").mkdir()
    for verb, kind in (("encode", "give a .csv"), ("decode", "that encode wrote")):
        for place in (".", "folder.csv"):
            message = refused(verb, place)
            assert f"{place}: is a folder" in message
            assert kind in message


def test_the_constant_column_is_named() -> None:
    pytest.importorskip("optuna", reason="optimizing needs the extra optimize")
    Path("flat.csv").write_text("".join(f"{n % 3},7,{n % 5}\n" for n in range(20)))
    assert "signal 2 of 3 is constant" in refused("encode", "flat.csv", "--optimize", "--trials", 2)


SWITCHES = [
    ("step-forward", "bipolar=3"),
    ("delta", "bipolar=yes"),
    ("leaky-integrate-and-fire", "bipolar=0"),
    ("pulse-width", "bipolar=False"),
    ("population", "normalized=1"),
    ("gymnasium", "split=no"),
]


@pytest.mark.parametrize(("method", "given"), SWITCHES)
def test_a_switch_is_true_or_false(method: str, given: str) -> None:
    ends = ("-p", "low=0", "-p", "high=9") if method == "gymnasium" else ()
    message = refused("encode", "signal.csv", "-m", method, "-p", given, *ends)
    assert f"{given.partition('=')[0]}: " in message
    assert "neither true nor false" in message


@pytest.mark.parametrize("method", ["rate", "latency", "population", "gymnasium"])
def test_what_does_not_fit_into_memory_is_refused_with_what_it_needs(method: str) -> None:
    ends = ("-p", "low=0", "-p", "high=9") if method == "gymnasium" else ()
    message = refused("encode", "signal.csv", "-m", method, *ends, "-p", "steps=1000000000000")
    assert "GB of memory" in message
    assert "steps" in message.partition("remedy")[2]


def test_bins_that_do_not_fit_into_memory_are_refused() -> None:
    message = refused("encode", "signal.csv", "-m", "population", "-p", "bins=1000000000000")
    assert "bins: needs 144,000.0 GB of memory" in message


def _places() -> list[str]:
    return sorted(str(each) for each in Path().rglob("*"))


OUTS = ("-o", "--plot", "--save-encoder")
NAMES = ("spikes.npz", "picture.svg", "encoder.json")


@pytest.mark.parametrize("stopped", range(3), ids=NAMES)
@pytest.mark.parametrize("way", ["in a file", "a folder"])
def test_all_files_are_written_or_none(stopped: int, way: str) -> None:
    Path("spot").write_text("a file")
    names = list(NAMES)
    if way == "in a file":
        names[stopped] = f"spot/{names[stopped]}"
    else:
        Path(names[stopped]).mkdir()
    before = _places()
    options = [each for pair in zip(OUTS, names, strict=True) for each in pair]
    message = refused("encode", "signal.csv", *options, code=6)
    assert ("spot is no folder" if way == "in a file" else names[stopped]) in message
    assert ("spot is no folder" if way == "in a file" else "a folder stands there") in message
    assert "free some space" not in message
    assert _places() == before


def test_every_result_has_a_name_of_its_own() -> None:
    assert "the name of two outputs" in refused("encode", "signal.csv", "-o", "a.npz", "--save-encoder", "./a.npz")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system in which nobody makes folders")
def test_a_folder_that_cannot_be_made_is_named() -> None:
    message = refused("encode", "signal.csv", "-o", "/proc/none/a.npz", code=6)
    assert "no folder can be made in /proc" in message
    assert "free some space" not in message


def test_an_encoder_of_a_newer_format_is_refused_by_its_version() -> None:
    call("encode", "signal.csv", "--save-encoder", "encoder.json", "-q")
    data = json.loads(Path("encoder.json").read_text())
    Path("newer.json").write_text(json.dumps({**data, "format": 2, "rounding": "even"}))
    write_network(small_network(), Path("small.nir"))
    message = refused("export", "small.nir", "--target", "c", "--encoder", "newer.json", "-o", "out")
    assert "newer.json: its format is 2, this version of neurodeploy reads 1" in message
    assert "update neurodeploy" in message
    assert not Path("out").exists()


HELD = """
import sys, time
import numpy as np
from neurodeploy.cli import main
write = np.savez_compressed
def held(file, **arrays):
    write(file, **{name: arrays[name] for name in list(arrays)[:1]})
    file.flush()
    print("half-way", flush=True)
    time.sleep(60)
np.savez_compressed = held
sys.argv = ["neurodeploy", "encode", "signal.csv", "-o", "to/spikes.npz", "--save-encoder", "to/encoder.json"]
main()
"""


def _shown() -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in Path("to").iterdir() if not each.name.startswith(".")}


@pytest.mark.parametrize(("name", "code", "old"), [("SIGTERM", 143, True), ("SIGKILL", -9, False)])
def test_a_stopped_encode_leaves_what_was_there(name: str, code: int, old: bool) -> None:
    Path("to").mkdir()
    if old:
        call("encode", "signal.csv", "-o", "to/spikes.npz", "--save-encoder", "to/encoder.json", "-p", "threshold=2")
    before = _shown()
    assert len(before) == 2 * old
    command = [sys.executable, "-c", HELD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as verb:
        assert verb.stdout is not None
        assert verb.stdout.readline() == "half-way\n"
        verb.send_signal(getattr(signal, name))
        told = verb.communicate(timeout=60)[1]
    assert verb.returncode == code
    assert "Traceback" not in told
    assert _shown() == before
    if name != "SIGKILL":
        assert len(list(Path("to").iterdir())) == len(before)
