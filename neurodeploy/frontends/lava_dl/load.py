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
EIGHT_BIT = InputRange(-4.0, 254 / 64, 1 / 32, declared=True)
"""The input of a block with a neuron: SLAYER rounds the stimulus to 1/32 and clips it to 8 bits."""


def load_net(path: Path, profile: str | None = None, input_shape: Shape | None = None) -> Network:
    """The Network of a ``.net`` file.

    Args:
        path: the file.
        profile: ``lava-dl-0.6``, with ``key=value`` terms that differ from it.
        input_shape: needed where the file has no input layer and begins with a strided convolution.

    Raises:
        InputError: for a file that is none, or whose layers do not fit together.
        RefusedError: for layers and neurons that are not SLAYER's CUBA, by name.
    """
    chosen, options = parse_profile(profile or PROFILE.name)
    if chosen is not PROFILE:
        raise InputError(f"lava-dl wrote it, and {chosen.name} is another producer", str(path), f"use {PROFILE.name}")
    file = read_layers(path)
    step = {} if file.dt is None else {"dt": repr(file.dt)}
    single = {key: text for key, text in options.items() if "." not in key}
    reading = read_under(PROFILE, Raw({}, ()), {**step, **single})
    try:
        network = network_of_layers(file, reading.contract.defaults, input_shape)
    except (InputError, RefusedError) as error:
        raise type(error)(error.what, f"{path}: {error.where}", error.remedy) from error
    contract = network.contract.change({key: text for key, text in options.items() if "." in key})
    if "fires_at" in single:
        contract = Contract(contract.defaults, _without(contract.overrides, "fires_at"))
    assumed = reading.findings
    return replace(network, contract=contract, findings=(*network.findings, *assumed))


def _without(overrides: Mapping[str, Mapping[str, Any]], term: str) -> dict[str, Mapping[str, Any]]:
    left = {name: {key: value for key, value in terms.items() if key != term} for name, terms in overrides.items()}
    return {name: terms for name, terms in left.items() if terms}


def network_of_layers(file: NetFile, terms: Terms, input_shape: Shape | None = None) -> Network:
    """The Network of a file's layers under ``terms``. Raises InputError, RefusedError."""
    chain = Chain(file, NetworkBuilder(terms), [])
    shape, layers = _input(file.layers, input_shape)
    block = file.layers[0] if file.layers[0].kind == "input" else None
    at = chain.build.input(chain.name("input"), shape, EIGHT_BIT if block is not None and block.neuron else None)
    at = at if block is None or block.neuron is None else chain.input_block(at, block, 0)
    first = len(file.layers) - len(layers)
    for number, layer in enumerate(layers, first):
        at = chain.layer(at, layer, number)
    chain.build.output(chain.name("output"), at)
    network = chain.build.build()
    return replace(network, inserted=frozenset(chain.shifts & network.nodes.keys()), findings=tuple(chain.findings))


def _input(layers: tuple[Layer, ...], requested: Shape | None) -> tuple[Shape, tuple[Layer, ...]]:
    """The shape of the input, and the layers behind it."""
    first, rest = (layers[0], layers[1:]) if layers[0].kind == "input" else (None, layers)
    if not any(layer.kind not in ("input", "flatten") for layer in rest) or any(
        layer.kind == "input" for layer in rest
    ):
        raise InputError("it holds no dense, convolution or pooling layer, or several inputs", "file", "export again")
    stated = _implied_shape(rest[0]) if first is None else first.shape
    if requested is not None and stated is not None and requested != stated:
        raise InputError(
            f"the file's input has shape {stated}, not {requested}", "--input-shape", "leave out the option"
        )
    if requested is None and stated is None:
        fault = "the file does not tell the shape of its input"
        raise InputError(
            fault, rest[0].where, "add --input-shape C,H,W, or begin the network with slayer's Input block"
        )
    return requested or stated or (), rest


def _implied_shape(layer: Layer) -> Shape | None:
    """The shape that the first layer receives; None where several fit."""
    assert layer.weight is not None or layer.kind == "flatten"
    if layer.weight is None or (layer.kind == "conv" and (layer.stride != (1, 1) or len(layer.shape) != 3)):
        return None
    if layer.kind == "conv":
        windows = zip(layer.shape[1:], layer.weight.shape[2:], layer.padding, layer.dilation, strict=True)
        size = tuple(n + d * (k - 1) - 2 * p for n, k, p, d in windows)
        return (layer.weight.shape[1] * layer.groups, *size)
    return (layer.weight.shape[1],) if layer.kind != "pool" else None
