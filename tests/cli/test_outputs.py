"""What a verb writes is never what it reads, by whatever name; nor are two outputs one file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import neurodeploy as nd
from neurodeploy.errors import InputError
from tests.cli.support import VERBS, call

LOADING = ("--contract", "--module")
COMMANDS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "export": ("export {} -t fixed", ("--out",), ("--encoder", "--calibrate", *LOADING)),
    "run": ("run {} --head boxes", ("--out", "--head-out", "--picture"), ("--input", *LOADING)),
    "check": ("check {}", ("--html", "--junit", "--save-stimulus"), ("--input", "--calibrate", *LOADING)),
    "lint": ("lint {} --fix", ("--out",), LOADING),
    "encode": ("encode {}", ("--out", "--plot", "--save-encoder"), ("--coder",)),
    "decode": ("decode {}", ("--out",), ()),
    "convert": ("convert {}", ("--out",), LOADING),
    "finetune": ("finetune {} -i other.npz", ("--out",), ("--input", "--calibrate", *LOADING)),
    "place": ("place {} --chip loihi1", ("--map",), ("--chip", "--input", *LOADING)),
    "targets conform": ("targets conform fixed", ("--out",), ("--again",)),
}
"""For every verb that reads a file and writes one: how it is called with its source, its outputs, and its inputs."""
SUFFIX = {"encode --out": ".npz", "finetune --out": ".nir", "convert --out": ".nir", "lint --out": ".nir"}
NEW = {"reduce", "sweep", "models build"}
"""Verbs that write where nothing is (a sweep beside the rows of one), or read no file."""
WAYS: dict[str, Callable[[Path, Path], object]] = {
    "same": lambda path, other: path,
    "detour": lambda path, other: Path("folder/..") / path,
    "link": lambda path, other: (other.symlink_to(path), other)[1],
    "hard link": lambda path, other: (other.hardlink_to(path), other)[1],
}


def cases() -> Iterator[tuple[str, str, str, str]]:
    """Every output of a verb beside every input; one way for each, and all ways for the first of a verb."""
    for verb, (command, outputs, inputs) in COMMANDS.items():
        pairs = [(output, read) for output in outputs for read in (*(("",) if "{}" in command else ()), *inputs)]
        pairs = [
            pair for pair in pairs if pair[1] != "--module" or f"{verb} {pair[0]}" not in SUFFIX
        ]  # none ends in .py
        for number, (output, read) in enumerate(pairs):
            for way in WAYS if number == 0 else [list(WAYS)[number % len(WAYS)]]:
                yield verb, output, read, way


def test_no_option_that_names_a_file_is_forgotten() -> None:
    named = {
        (verb, f"--{max(parameter.opts, key=len).lstrip('-')}")
        for verb, command in VERBS.items()
        for parameter in command.params
        if getattr(getattr(parameter, "type", None), "name", "") == "path" and parameter.param_type_name == "option"
    }
    known = {(verb, option) for verb, (_, outputs, inputs) in COMMANDS.items() for option in (*outputs, *inputs)}
    only_read = {(verb, option) for verb, option in named if verb in ("inspect", "cost")}
    assert named - known - only_read == {(verb, option) for verb, option in named if verb in NEW}


@pytest.mark.parametrize(("verb", "output", "read", "way"), list(cases()))
def test_an_output_that_is_an_input_is_refused_before_anything_is_done(
    folder: Path, verb: str, output: str, read: str, way: str
) -> None:
    (folder / "folder").mkdir()
    named = f"file{SUFFIX.get(f'{verb} {output}', '.py' if read == '--module' else '.x')}"
    kept = Path(named)
    kept.write_bytes(b"precious")
    written = WAYS[way](kept, Path(f"other{kept.suffix}"))
    value = f"{kept.stem}:make" if read == "--module" else named
    arguments = COMMANDS[verb][0].format("source.nir" if read else named).split()
    result = call(*arguments, *((read, value) if read else ()), output, written)
    assert result.code == 2
    assert "is to be written, and is read by the same command" in result.err
    assert kept.read_bytes() == b"precious"
    assert {path.name for path in folder.iterdir()} <= {"folder", named, f"other{kept.suffix}"}


FOLDERS = ("export --out", "targets conform --out")
"""Outputs that are folders."""


@pytest.mark.parametrize(("verb", "output"), [(verb, out) for verb, (_, outs, _) in COMMANDS.items() for out in outs])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_done(
    folder: Path, verb: str, output: str
) -> None:
    suffix = SUFFIX.get(f"{verb} {output}", ".x")
    (folder / "file").write_bytes(b"precious")
    (folder / f"folder{suffix}").mkdir()
    before = sorted(path.name for path in folder.iterdir())
    wrong = {f"file/below{suffix}": "file is no folder"}
    if f"{verb} {output}" not in FOLDERS:
        wrong[f"folder{suffix}"] = "a folder stands there"
    for place, reason in wrong.items():
        result = call(*COMMANDS[verb][0].format("source").split(), output, place)
        assert (result.code, reason in result.err) == (6, True), result.err
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "file").read_bytes() == b"precious"


@pytest.mark.parametrize(
    "command",
    [
        "check a.nir --html x --save-stimulus ./x",
        "encode a.csv -o x.npz --plot x.npz",
        "models build digits -o x --stimulus x",
    ],
)
def test_two_outputs_of_one_name_are_refused(folder: Path, command: str) -> None:
    result = call(*command.split())
    assert (result.code, "the name of two outputs" in result.err, list(folder.iterdir())) == (2, True, [])


def test_a_bundle_that_holds_the_source_is_not_replaced(bundle: Path) -> None:
    before = (bundle / "manifest.json").read_bytes()
    result = call("export", bundle / "network.nir", "-t", "c", "-o", bundle)
    assert (result.code, "would be replaced" in result.err) == (2, True)
    assert (bundle / "manifest.json").read_bytes() == before


def test_a_sweep_replaces_no_stimulus_of_its_own(folder: Path, model: Path) -> None:
    (folder / "swept").mkdir()
    (folder / "swept" / "calibration.npz").write_bytes(b"precious")
    how: dict[str, Any] = {"targets": ["fixed"], "stimuli": ["swept/calibration.npz"]}
    with pytest.raises(InputError, match="is read by the same command"):
        nd.sweep(model, "swept", calibrate=["own"], **how)
    assert (folder / "swept" / "calibration.npz").read_bytes() == b"precious"


def test_words_that_stand_for_a_file_and_targets_of_its_name_are_none(model: Path) -> None:
    for _ in range(2):
        assert call("export", model, "-t", "fixed", "-o", "fixed", "-q").code == 0
