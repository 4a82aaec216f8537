"""A sound file of each kind."""

from __future__ import annotations

import io
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurodeploy.bundle import Bundle
from neurodeploy.flow import export, run
from neurodeploy.flow.encoding import encode
from neurodeploy.stimulus import Stimulus
from tests.convolutional import network

ENCODER = {
    "format": 1,
    "coder": {"kind": "step-forward", "threshold": 0.5, "bipolar": True},
    "bits": 8,
    "low": 0.0,
    "high": 1.0,
}
CODERS: tuple[Any, ...] = (
    {"kind": "step-forward", "threshold": 0.5},
    {"kind": "pulse-width", "threshold": 0.5, "down_spike": True, "scale_signal": True, "bipolar": True},
    {"kind": "rate", "steps": 8},
)
SIGNAL = np.sin(0.1 * np.arange(60))[:, None]
SWEEP = {"targets": ["fixed", "c"], "stimuli": ["own"], "calibrate": ["none"], "seeds": [0, 1]}
OPTIONS = {"weight-bits": [8, 4], "budget": [0.9]}


@cache
def bundle_files() -> dict[str, bytes]:
    """The files of a sound bundle."""
    with tempfile.TemporaryDirectory() as place:
        bundle = export(network(), "fixed", Path(place) / "b")
        return {name: (bundle.path / name).read_bytes() for name in ("manifest.json", *_names(bundle))}


def _names(bundle: Bundle) -> list[str]:
    return list(json.loads((bundle.path / "manifest.json").read_bytes())["files"])


def program_files_sound() -> dict[str, bytes]:
    """The two files of a sound program."""
    return {name: bundle_files()[name] for name in ("program.json", "program.npz")}


@cache
def stimulus_bytes() -> bytes:
    """The file of a stimulus for that bundle."""
    return _saved(_stimulus())


@cache
def trace_bytes() -> bytes:
    """The file of its trace."""
    return _saved(run(network(), _stimulus(), on="program"))


@cache
def spikes_bytes() -> bytes:
    """The file of an encoded signal."""
    return _saved(encode(SIGNAL, "step-forward", {"threshold": 0.5}).encoded)


def _stimulus() -> Stimulus:
    return Stimulus({"input": np.random.default_rng(0).integers(0, 9, (1, 5, 2, 6, 6)) / 8})


def _saved(value: Any) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        value.save(path := Path(place) / "x.npz")
        return path.read_bytes()


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
