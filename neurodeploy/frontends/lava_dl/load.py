"""A lava-dl ``.net`` as a Network that steps as SLAYER does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurodeploy.contract import Contract, Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.frontends.lava_dl.chain import Chain
from neurodeploy.frontends.lava_dl.layers import Layer, NetFile, read_layers
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.network import InputRange, Network
from neurodeploy.network.raw import Raw
from neurodeploy.profiles import parse_profile
from neurodeploy.profiles.lava_dl import PROFILE
from neurodeploy.profiles.profile import read_under

Shape = tuple[int, ...]
GIVEN = InputRange(-4.0, 254 / 64, 1 / 32, declared=True)
"""What an input block with a neuron takes in: SLAYER rounds its stimulus to 1/32 and cuts it to 8 bits."""


def load_net(path: Path, profile: str | None = None, input_shape: Shape | None = None) -> Network:
    """The Network of a ``.net`` file. ``profile``: ``lava-dl-0.6`` with terms that differ from it.

    ``input_shape`` is needed where the file does not tell it: no input layer, and a strided convolution first.
    Raises InputError for what is no such file, RefusedError by name for layers and neurons that are not SLAYER's CUBA.
    """
    chosen, options = parse_profile(profile or PROFILE.name)
    if chosen is not PROFILE:
        raise InputError(f"lava-dl wrote it, and {chosen.name} is another producer", str(path), f"use {PROFILE.name}")
    file = read_layers(path)
    told = {} if file.dt is None else {"dt": repr(file.dt)}
    single = {key: text for key, text in options.items() if "." not in key}
    reading = read_under(PROFILE, Raw({}, ()), {**told, **single})
    try:
        network = network_of_layers(file, reading.contract.defaults, input_shape)
    except (InputError, RefusedError) as error:
        raise type(error)(error.what, f"{path}: {error.where}", error.remedy) from error
    contract = network.contract.change({key: text for key, text in options.items() if "." in key})
    if "fires_at" in single:
        contract = Contract(contract.defaults, _without(contract.overrides, "fires_at"))
    assumed = tuple(each.finding for each in reading.notices)
    return replace(network, contract=contract, findings=(*network.findings, *assumed))


def _without(overrides: Mapping[str, Mapping[str, Any]], term: str) -> dict[str, Mapping[str, Any]]:
    left = {name: {key: value for key, value in terms.items() if key != term} for name, terms in overrides.items()}
    return {name: terms for name, terms in left.items() if terms}


def network_of_layers(file: NetFile, terms: Terms, input_shape: Shape | None = None) -> Network:
    """The Network of a file's layers under ``terms``. Raises InputError, RefusedError."""
    made = Chain(file, NetworkBuilder(terms), [])
    shape, layers = _input(file.layers, input_shape)
    block = file.layers[0] if file.layers[0].kind == "input" else None
    at = made.build.input(made.name("input"), shape, GIVEN if block is not None and block.neuron else None)
    at = at if block is None or block.neuron is None else made.input_block(at, block, 0)
    first = len(file.layers) - len(layers)
    for number, layer in enumerate(layers, first):
        at = made.layer(at, layer, number)
    made.build.output(made.name("output"), at)
    network = made.build.build()
    return replace(network, inserted=frozenset(made.shifts & network.nodes.keys()), findings=tuple(made.findings))


def _input(layers: tuple[Layer, ...], given: Shape | None) -> tuple[Shape, tuple[Layer, ...]]:
    """The shape of the input, and the layers behind it."""
    first, rest = (layers[0], layers[1:]) if layers[0].kind == "input" else (None, layers)
    if not any(layer.kind not in ("input", "flatten") for layer in rest) or any(each.kind == "input" for each in rest):
        raise InputError("it holds no dense, convolution or pooling layer, or several inputs", "file", "export again")
    told = _told_shape(rest[0]) if first is None else first.shape
    if given is not None and told is not None and given != told:
        raise InputError(f"the file's input has shape {told}, not {given}", "--input-shape", "leave out the option")
    if given is None and told is None:
        what = "the file does not tell the shape of its input"
        raise InputError(what, rest[0].where, "add --input-shape C,H,W, or begin the network with slayer's Input block")
    return given or told or (), rest


def _told_shape(layer: Layer) -> Shape | None:
    """The shape that the first layer receives, where only one fits."""
    assert layer.weight is not None or layer.kind == "flatten"
    if layer.weight is None or (layer.kind == "conv" and (layer.stride != (1, 1) or len(layer.shape) != 3)):
        return None
    if layer.kind == "conv":
        windows = zip(layer.shape[1:], layer.weight.shape[2:], layer.padding, layer.dilation, strict=True)
        size = tuple(n + d * (k - 1) - 2 * p for n, k, p, d in windows)
        return (layer.weight.shape[1] * layer.groups, *size)
    return (layer.weight.shape[1],) if layer.kind != "pool" else None
