"""The kinds of files: each changed by seed, and opened as a user's command would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from numpy.random import Generator

from neurodeploy.bundle import read_bundle
from neurodeploy.contract import Contract
from neurodeploy.encoding.deployed import read_deployed
from neurodeploy.encoding.store import Encoded
from neurodeploy.flow.encoding import encode
from neurodeploy.frontends.lava_dl.load import load_net
from neurodeploy.frontends.nir_file import read_contract
from neurodeploy.placement.chip import BUILT_IN, read_chip
from neurodeploy.program.store import read_program
from neurodeploy.stimulus import read_arrays, stimulus_of
from neurodeploy.sweeps.choices import read_choices
from neurodeploy.trace import Trace
from tests.hostile.changes import change_arrays, change_bytes, change_document, change_hdf5
from tests.hostile.sound import (
    CODERS,
    ENCODER,
    OPTIONS,
    SIGNAL,
    SWEEP,
    bundle_files,
    program_files_sound,
    sound_net,
    spikes_bytes,
    stimulus_bytes,
    trace_bytes,
)

Files = dict[str, bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of file: ``make`` changes a sound one, ``read`` opens what is in a folder."""

    make: Callable[[Generator], Files]
    read: Callable[[Path], object]


def _bundle(name: str, change: Callable[[Generator, bytes], bytes]) -> Kind:
    """A sealed bundle with one file of it changed."""

    def make(rng: Generator) -> Files:
        files = dict(bundle_files())
        files[name] = change(rng, files[name])
        if name != "manifest.json":
            seal(files, json.loads(files["manifest.json"]))
            return files
        try:
            manifest = json.loads(files[name])
        except ValueError:
            return files
        if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict):
            files[name] = _sealed(manifest)
        return files

    return Kind(make, read_bundle)


def seal(files: Files, manifest: dict[str, Any]) -> None:
    """Give a manifest the digests that the files and it should have, as a forger would."""
    manifest["files"] = {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"
    }
    files["manifest.json"] = _sealed(manifest)


def _sealed(manifest: dict[str, Any]) -> bytes:
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    digest = hashlib.sha256((json.dumps(rest, indent=1, sort_keys=True) + "\n").encode()).hexdigest()
    return (json.dumps({**rest, "digest": digest}, indent=1, sort_keys=True) + "\n").encode()


def _document(rng: Generator, data: bytes) -> bytes:
    return (json.dumps(change_document(rng, json.loads(data)), indent=1, sort_keys=True) + "\n").encode()


def _program(rng: Generator) -> Files:
    files = program_files_sound()
    part = "program.json" if rng.random() < 0.7 else "program.npz"
    files[part] = (_document if part == "program.json" else change_arrays)(rng, files[part])
    return files


def _read_program(folder: Path) -> object:
    return read_program({name: (folder / name).read_bytes() for name in ("program.json", "program.npz")})


def _arrays(name: str, sound: Callable[[], bytes], read: Callable[[Path], object]) -> Kind:
    """An archive of arrays with one of them, or some bytes, changed."""
    return Kind(
        lambda rng: {name: (change_arrays if rng.random() < 0.6 else change_bytes)(rng, sound())},
        lambda folder: read(folder / name),
    )


def _json(name: str, sound: Callable[[Generator], object], read: Callable[[Path], object]) -> Kind:
    """A document with one value changed."""
    return Kind(
        lambda rng: {name: json.dumps(change_document(rng, sound(rng))).encode()}, lambda folder: read(folder / name)
    )


def _chip(rng: Generator) -> Files:
    sound = (BUILT_IN / "loihi2.yaml").read_bytes()
    if rng.random() < 0.3:
        return {"chip.yaml": change_bytes(rng, sound)}
    return {"chip.yaml": yaml.safe_dump(change_document(rng, yaml.safe_load(sound))).encode()}


def _choices(rng: Generator) -> Files:
    changed = change_document(rng, {"sweep": SWEEP, "options": OPTIONS})
    parts = [changed.get(name) if isinstance(changed.get(name), dict) else {} for name in ("sweep", "options")]
    lines = [[f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in part.items()] for part in parts]
    return {"choices.toml": "".join([*lines[0], "[options]\n", *lines[1]]).encode("utf8", "replace")}


def _net(rng: Generator) -> Files:
    return {"made.net": change_bytes(rng, sound_net()) if rng.random() < 0.3 else change_hdf5(rng, sound_net())}


KINDS: dict[str, Kind] = {
    "manifest": _bundle("manifest.json", _document),
    "manifest bytes": _bundle("manifest.json", change_bytes),
    "report": _bundle("report.json", _document),
    "network": _bundle("network.nir", change_bytes),
    "program": Kind(_program, _read_program),
    "trace": _arrays("trace.npz", trace_bytes, Trace.load),
    "stimulus": _arrays("stimulus.npz", stimulus_bytes, lambda path: stimulus_of(read_arrays(path), path)),
    "contract": _json(
        "contract.json", lambda rng: Contract().override("lif", reset="subtract", dt=1e-3).to_json(), read_contract
    ),
    "encoder": _json("encoder.json", lambda rng: ENCODER, read_deployed),
    "net": Kind(_net, lambda folder: load_net(folder / "made.net")),
    "coder": _json(
        "coder.json",
        lambda rng: CODERS[int(rng.integers(len(CODERS)))],
        lambda path: encode(SIGNAL, coder=path).encoded,
    ),
    "spikes": _arrays("spikes.npz", spikes_bytes, lambda path: Encoded.load(path).decode()),
    "chip": Kind(_chip, lambda folder: read_chip(folder / "chip.yaml")),
    "choices": Kind(_choices, lambda folder: list(read_choices(folder / "choices.toml").combinations())),
}
