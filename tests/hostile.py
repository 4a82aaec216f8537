"""Hostile inputs by seed: a sound file of each kind with one thing in it changed as a forger or a fault would.

``outcome`` opens the file as a user's command would, and says how that ended.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml
from numpy.random import Generator

from neurodeploy.bundle import Bundle, read_bundle
from neurodeploy.contract import Contract
from neurodeploy.encoding.deployed import read_deployed
from neurodeploy.encoding.store import Encoded
from neurodeploy.errors import CapabilityError, InputError, RefusedError
from neurodeploy.flow import export
from neurodeploy.flow.encoding import encode
from neurodeploy.frontends.lava_dl.load import load_net
from neurodeploy.frontends.nir_file import read_contract
from neurodeploy.network.network import Network
from neurodeploy.placement.chip import BUILT_IN, read_chip
from neurodeploy.program.program import Program
from neurodeploy.program.store import npz_bytes, program_files, read_npz, read_program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus, read_arrays, stimulus_of
from neurodeploy.sweeps.choices import read_choices
from neurodeploy.trace import Trace
from tests.convolutional import network

Mutate = Callable[[Generator, Path], object]
REFUSED, READ = "refused", "read"
SLOW = 10.0
"""Seconds that a file may take, at most."""
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        64,
        1 << 31,
        -(1 << 31),
        1 << 62,
        1 << 63,
        10**30,
        0.5,
        -0.0,
        1e308,
        1e-320,
    ),
    *("", "zero", "none", "x", ">=", "../../x", "\x1b[2J", "\ud800", "a" * 5000, "[/x]", "binary", "dense", "conv2d"),
    *([], {}, [[]], {"array": "nothing"}, [0], [1, 1, 1, 1], [-1, 3], {"": None}, [1 << 40, 1 << 40]),
)
"""What stands in place of a value."""
DTYPES = ("i1", "i8", "u8", "f4", "f8", "c16", "U3", "?", "M8[s]", "V4", "f2")


@cache
def _sound() -> tuple[dict[str, bytes], Stimulus, Trace]:
    """The files of a sound bundle, a stimulus for it, and its trace."""
    import tempfile

    from neurodeploy.flow import run

    with tempfile.TemporaryDirectory() as place:
        bundle = export(network(), "fixed", Path(place) / "b")
        files = {name: (bundle.path / name).read_bytes() for name in ("manifest.json", *_names(bundle))}
    stimulus = Stimulus({"input": np.random.default_rng(0).integers(0, 9, (1, 5, 2, 6, 6)) / 8})
    return files, stimulus, run(network(), stimulus, on="program")


def _names(bundle: Bundle) -> list[str]:
    return list(json.loads((bundle.path / "manifest.json").read_bytes())["files"])


def seal(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    """Give a manifest the digests that the files and it should have, as a forger would."""
    manifest["files"] = {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"
    }
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    digest = hashlib.sha256((json.dumps(rest, indent=1, sort_keys=True) + "\n").encode()).hexdigest()
    files["manifest.json"] = (json.dumps({**rest, "digest": digest}, indent=1, sort_keys=True) + "\n").encode()


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from _places(child, (*path, key))


def change_document(rng: Generator, document: Any) -> Any:
    """The document with one value replaced, removed, doubled or added."""
    changed = json.loads(json.dumps(document))
    places = list(_places(changed))
    *path, key = places[int(rng.integers(len(places)))]
    holder = changed
    for step in path:
        holder = holder[step]
    way = rng.random()
    if way < 0.75:
        holder[key] = VALUES[int(rng.integers(len(VALUES)))]
    elif way < 0.87 and isinstance(holder, dict):
        del holder[key]
    elif isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[f"{key}2"] = holder[key]
    return changed


def change_bytes(rng: Generator, data: bytes) -> bytes:
    """Bytes cut off, turned over, or put in."""
    at = int(rng.integers(len(data)))
    way = int(rng.integers(4))
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :]
    if way == 2:
        return data[:at] + rng.bytes(int(rng.integers(1, 9))) + data[at + 4 :]
    return data[:at] + struct.pack("<Q", int(rng.integers(1 << 62))) + data[at + 8 :]


def change_arrays(rng: Generator, data: bytes) -> bytes:
    """An archive of arrays in which one has another type, shape, value or name, is missing, or stands beside others."""
    arrays = read_npz(data)
    name = sorted(arrays)[int(rng.integers(len(arrays)))]
    array, way = arrays[name], int(rng.integers(6))
    if array.dtype.kind == "U" and way in (0, 2):
        arrays[name] = np.array(json.dumps(change_document(rng, json.loads(str(array)))))
    elif way == 0:
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(DTYPES[int(rng.integers(len(DTYPES) - 3))])
    elif way == 1:
        arrays[name] = np.resize(array, tuple(int(n) for n in rng.integers(0, 5, int(rng.integers(0, 6)))))
    elif way == 2:
        arrays[name] = np.full(array.shape, [np.nan, np.inf, 1 << 62, -1][int(rng.integers(4))])
    elif way == 3:
        del arrays[name]
    elif way == 4:
        arrays["strange"] = np.zeros(3)
    else:
        arrays[name] = np.flip(array)
    return npz_bytes(arrays)


def _bundle_with(name: str, change: Callable[[Generator, bytes], bytes]) -> Mutate:
    def make(rng: Generator, folder: Path) -> Bundle:
        files = dict(_sound()[0])
        files[name] = change(rng, files[name])
        manifest = json.loads(_sound()[0]["manifest.json"])
        if name == "manifest.json":
            try:
                manifest = json.loads(files[name])
                seal_needed = isinstance(manifest, dict) and isinstance(manifest.get("files"), dict)
            except ValueError:
                seal_needed = False
            if seal_needed:
                rest = {key: value for key, value in manifest.items() if key != "digest"}
                digest = hashlib.sha256((json.dumps(rest, indent=1, sort_keys=True) + "\n").encode()).hexdigest()
                files[name] = (json.dumps({**rest, "digest": digest}, indent=1, sort_keys=True) + "\n").encode()
        else:
            seal(files, manifest)
        place = folder / "bundle"
        place.mkdir()
        for file, data in files.items():
            (place / file).write_bytes(data)
        return read_bundle(place)

    return make


def _document(rng: Generator, data: bytes) -> bytes:
    return (json.dumps(change_document(rng, json.loads(data)), indent=1, sort_keys=True) + "\n").encode()


def _program(rng: Generator, folder: Path) -> Program:
    files = dict(program_files_sound())
    part = "program.json" if rng.random() < 0.7 else "program.npz"
    files[part] = (_document if part == "program.json" else change_arrays)(rng, files[part])
    return read_program(files)


def program_files_sound() -> dict[str, bytes]:
    """The two files of a sound program."""
    return {name: _sound()[0][name] for name in ("program.json", "program.npz")}


def _trace(rng: Generator, folder: Path) -> Trace:
    path = folder / "trace.npz"
    _sound()[2].save(path)
    path.write_bytes((change_arrays if rng.random() < 0.6 else change_bytes)(rng, path.read_bytes()))
    return Trace.load(path)


def _stimulus(rng: Generator, folder: Path) -> Stimulus:
    path = folder / "stimulus.npz"
    _sound()[1].save(path)
    path.write_bytes((change_arrays if rng.random() < 0.6 else change_bytes)(rng, path.read_bytes()))
    return stimulus_of(read_arrays(path), path)


def _contract(rng: Generator, folder: Path) -> Contract:
    path, plain = folder / "contract.json", Contract().override("lif", reset="subtract", dt=1e-3).to_json()
    path.write_text(json.dumps(change_document(rng, plain)))
    return read_contract(path)


ENCODER = {
    "format": 1,
    "coder": {"kind": "step-forward", "threshold": 0.5, "bipolar": True},
    "bits": 8,
    "low": 0.0,
    "high": 1.0,
}


def _encoder(rng: Generator, folder: Path) -> object:
    path = folder / "encoder.json"
    path.write_text(json.dumps(change_document(rng, ENCODER)))
    return read_deployed(path)


CODERS: tuple[Any, ...] = (
    {"kind": "step-forward", "threshold": 0.5},
    {"kind": "pulse-width", "threshold": 0.5, "down_spike": True, "scale_signal": True, "bipolar": True},
    {"kind": "rate", "steps": 8},
)
SIGNAL = np.sin(0.1 * np.arange(60))[:, None]


def _coder(rng: Generator, folder: Path) -> object:
    path = folder / "coder.json"
    path.write_text(json.dumps(change_document(rng, CODERS[int(rng.integers(len(CODERS)))])))
    return encode(SIGNAL, coder=path).encoded


def _spikes(rng: Generator, folder: Path) -> object:
    path = folder / "spikes.npz"
    encode(SIGNAL, "step-forward", {"threshold": 0.5}).encoded.save(path)
    path.write_bytes((change_arrays if rng.random() < 0.6 else change_bytes)(rng, path.read_bytes()))
    return Encoded.load(path).decode()


def _chip(rng: Generator, folder: Path) -> object:
    path, sound = folder / "chip.yaml", BUILT_IN / "loihi2.yaml"
    if rng.random() < 0.3:
        path.write_bytes(change_bytes(rng, sound.read_bytes()))
    else:
        path.write_text(yaml.safe_dump(change_document(rng, yaml.safe_load(sound.read_text()))))
    return read_chip(path)


SWEEP = {"targets": ["fixed", "c"], "stimuli": ["own"], "calibrate": ["none"], "seeds": [0, 1]}
OPTIONS = {"weight-bits": [8, 4], "budget": [0.9]}


def _choices(rng: Generator, folder: Path) -> object:
    path = folder / "choices.toml"
    changed = change_document(rng, {"sweep": SWEEP, "options": OPTIONS})
    parts = [changed.get(name) if isinstance(changed.get(name), dict) else {} for name in ("sweep", "options")]
    lines = [[f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in part.items()] for part in parts]
    path.write_bytes("".join([*lines[0], "[options]\n", *lines[1]]).encode("utf8", "replace"))
    return list(read_choices(path).combinations())


def _net(rng: Generator, folder: Path) -> Network:
    path = folder / "made.net"
    path.write_bytes(change_bytes(rng, sound_net()) if rng.random() < 0.3 else change_hdf5(rng, sound_net()))
    return load_net(path)


@cache
def sound_net() -> bytes:
    """A dense and a convolutional layer of SLAYER's CUBA neurons, with delays, as lava-dl writes them."""
    neuron = {"type": b"CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 80}
    layer = {"weight": np.full((3, 2, 3, 3), 8.0), "stride": [1, 1], "padding": [1, 1], "dilation": [1, 1]}
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        for number, values in enumerate(
            (
                {"type": b"input", "shape": [2, 4, 4]},
                {"type": b"conv", "groups": 1, "delay": [0, 1, 2], **layer},
                {"type": b"flatten", "shape": [48]},
                {"type": b"dense", "weight": np.ones((2, 48)), "delay": 1},
            )
        ):
            for key, value in {**values, **{f"neuron/{k}": v for k, v in neuron.items() if "weight" in values}}.items():
                file[f"layer/{number}/{key}"] = value
    return held.getvalue()


def change_hdf5(rng: Generator, data: bytes) -> bytes:
    """A file of HDF5 in which a dataset has another value, shape or type, is missing, or stands under another name."""
    held = io.BytesIO(data)
    with h5py.File(held, "a") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name = names[int(rng.integers(len(names)))]
        value, way = file[name][()], int(rng.integers(6))
        del file[name]
        strange: Any = VALUES[int(rng.integers(len(VALUES)))]
        if way == 0 and isinstance(strange, bool | int | float | str) and abs(_size(strange)) < 1 << 63:
            file[name] = strange if not isinstance(strange, str) else strange.encode("utf8", "replace")
        elif way == 1:
            shape = tuple(int(n) for n in rng.integers(0, 5, int(rng.integers(0, 6))))
            file[name] = np.resize(np.asarray(value), shape)
        elif way == 2 and not isinstance(value, bytes):
            file[name] = np.full(np.shape(value), [np.nan, np.inf, 1 << 40, -1][int(rng.integers(4))])
        elif way == 3 and not isinstance(value, bytes):
            file[name] = np.asarray(value).astype(["i1", "u8", "f2", "f8", "c16"][int(rng.integers(5))])
        elif way == 4:
            file[f"{name}/inside"] = value
    return held.getvalue()


def _size(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


KINDS: dict[str, Mutate] = {
    "manifest": _bundle_with("manifest.json", _document),
    "manifest bytes": _bundle_with("manifest.json", change_bytes),
    "report": _bundle_with("report.json", _document),
    "network": _bundle_with("network.nir", change_bytes),
    "program": _program,
    "trace": _trace,
    "stimulus": _stimulus,
    "contract": _contract,
    "encoder": _encoder,
    "net": _net,
    "coder": _coder,
    "spikes": _spikes,
    "chip": _chip,
    "choices": _choices,
}


def outcome(kind: str, seed: int, folder: Path) -> tuple[str, object]:
    """How opening the changed file ended: ``read`` (with what it holds), ``refused``, or the error none should be."""
    try:
        return READ, KINDS[kind](np.random.default_rng([seed, *kind.encode()]), folder)
    except (InputError, CapabilityError, RefusedError) as error:
        return REFUSED, error
    except Exception as error:
        return f"{type(error).__name__}: {error}", error


def sent_to(program: Program, seed: int) -> dict[str, Any]:
    """A stimulus for a program that was read: over all that its inputs send, and beyond."""
    rng = np.random.default_rng([seed, 1])
    return {
        node.name: rng.integers(node.output.low - 1, node.output.high + 1, (1, 6, *node.shape), endpoint=True)
        * 2.0**-node.scale
        for node in program.inputs
    }


def is_right(value: object, seed: int) -> bool:
    """Whether what was read has a meaning: the reference runs it, and what it says of itself is the same again."""
    if isinstance(value, Bundle):
        return is_right(value.program, seed)
    if isinstance(value, Program):
        with np.errstate(all="ignore"):
            return is_lossless(value) and bool(run_program(value, sent_to(value, seed)).entries)
    if isinstance(value, Network):
        with np.errstate(all="ignore"):
            ones = {name: np.ones((1, 3, *value.shapes[name])) for name in value.input_names}
            return bool(run_network(value, ones).entries)
    if isinstance(value, Contract):
        return Contract.from_json(value.to_json()) == value
    return True


def is_lossless(program: Program) -> bool:
    """Whether a program that was read is the same after it is written and read again."""
    files = program_files(program)
    return program_files(read_program(files)) == files
