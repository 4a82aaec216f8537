"""A spike encoder put in front of a network."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from neurodeploy.encoding.deployed import DeployedEncoder, read_deployed
from neurodeploy.errors import InputError
from neurodeploy.host import HostEncoder
from neurodeploy.network.network import Network
from neurodeploy.streams import stream_of


def with_encoder(network: Network, encoder: DeployedEncoder | Path | str) -> Network:
    """The network with an encoder in front of its input. ``encoder``: the encoder, or the file it is in.

    Raises InputError where the network has several inputs, its input does not take spikes, or the encoder has another
    number of channels.
    """
    deployed = encoder if isinstance(encoder, DeployedEncoder) else read_deployed(Path(encoder))
    where = "encoder" if isinstance(encoder, DeployedEncoder) else str(encoder)
    names = network.input_names
    if len(names) != 1:
        problem = f"an encoder heads a network with one input, this one has {', '.join(names)}"
        raise InputError(problem, where, "give the network one input")
    values = network.input_range(names[0])
    if values.low > 0 or values.high < 1:
        problem = (
            f"the input {names[0]!r} takes values from {values.low:g} to {values.high:g}, an encoder sends 0 and 1"
        )
        raise InputError(problem, where, "declare the input as 0 to 1, or scale its weights")
    pre = HostEncoder(names[0], _features(network, deployed, where), deployed.to_json())
    stream_of(pre)
    return replace(network, host=replace(network.host, pre=pre))


def _features(network: Network, deployed: DeployedEncoder, where: str) -> int:
    """How many signals fill the network's input. Raises InputError where no number does."""
    name = network.input_names[0]
    size, declared = prod(network.shapes[name]), deployed.declared
    settings: Any = deployed.to_json()
    stream = stream_of(HostEncoder(name, declared or 1, settings))
    channels = stream.channels // stream.features
    features = declared if declared is not None and declared > 1 else size // channels
    if features * channels != size:
        sent = f"{features} signals × {channels} channels" if declared else f"{channels} channels per signal"
        problem = f"it sends {sent}, the input {name!r} {network.shapes[name]} takes {size}"
        raise InputError(problem, where, "choose an encoder whose channels fill the input")
    return features
