"""Layers as the bytes of a ``.net``: HDF5 that lava-dl's ``netx`` reads, the same bytes for the same layers."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurodeploy.atomic import write_file
from neurodeploy.frontends.lava_dl.blocks import layers_of
from neurodeploy.frontends.lava_dl.layers import OWN, Cuba, Layer
from neurodeploy.network.network import Network

Entries = Mapping[str, Any]


def write_net(network: Network, path: Path) -> None:
    """Write ``path`` atomically. Raises RefusedError, by name, for what SLAYER's blocks cannot say exactly."""
    data = net_bytes(network)
    write_file(path, lambda handle: handle.write(data))


def net_bytes(network: Network) -> bytes:
    """The file's content. The step in seconds and the names of the nodes stand beside the layers; netx skips them."""
    file = layers_of(network)
    note = {f"{OWN}/dt": file.dt, f"{OWN}/names": json.dumps(dict(file.names), sort_keys=True)}
    return file_bytes([entries(layer) for layer in file.layers], note)


def file_bytes(layers: Sequence[Entries], beside: Entries | None = None) -> bytes:
    """HDF5 with one group per layer, and the datasets of ``beside`` by their paths."""
    buffer = io.BytesIO()  # never a file on disk: HDF5 crashes the process when the disk is full
    with h5py.File(buffer, "w", track_order=False) as file:
        root = file.create_group("layer")
        for number, values in enumerate(layers):
            group = root.create_group(str(number))
            for key, value in values.items():
                group.create_dataset(key, data=value, track_times=False)
        for key, value in (beside or {}).items():
            file.create_dataset(key, data=value, track_times=False)
    return buffer.getvalue()


def neuron_entries(cuba: Cuba) -> dict[str, Any]:
    """A CUBA neuron as SLAYER names its values."""
    return {
        "neuron/type": b"CUBA",
        "neuron/iDecay": cuba.current_decay,
        "neuron/vDecay": cuba.voltage_decay,
        "neuron/vThMant": cuba.threshold,
        "neuron/refDelay": 1,
        "neuron/gradedSpike": False,
    }


def entries(layer: Layer) -> dict[str, Any]:
    """One layer's group, as ``export_hdf5`` writes it."""
    values: dict[str, Any] = {"type": layer.kind.encode()}
    if layer.shape:
        values["shape"] = np.array(layer.shape)
    values |= {} if layer.neuron is None else neuron_entries(layer.neuron)
    arrays = {"weight": layer.weight, "weight_rec": layer.recurrent, "bias": layer.bias, "delay": layer.delay}
    values |= {key: np.asarray(value, np.float32) for key, value in arrays.items() if value is not None}
    if layer.weight is None:
        return values
    if layer.kind.startswith("dense"):
        return values | {"inFeatures": layer.weight.shape[1], "outFeatures": len(layer.weight)}
    windows = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
    values |= {key: np.array(value) for key, value in windows.items()}
    values["kernelSize"] = np.array(layer.weight.shape[2:])
    if layer.kind == "conv":
        values["groups"] = layer.groups
        values |= {"inChannels": layer.weight.shape[1] * layer.groups, "outChannels": len(layer.weight)}
    return values
