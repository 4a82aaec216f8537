"""From the network of trained integers back to the receiver: a state dict on the grid of the integers."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodeploy.network import Network

from .layers import Readout
from .model import SpikingRx

FLOOR = 0.75
"""Below this share of the machine's membrane those of the blocks do not fall, so that no step takes them to its end.

No slot brings one there. The stem's may: a step of it fills the whole width, so its floor is that end itself.
"""


def whole_state(trained: Network, like: SpikingRx, head: Readout) -> dict[str, Tensor]:
    """The state dict of ``like``, a receiver with folded norms, that does what ``trained`` does.

    ``trained``: what ``QuantizedNetwork.network()`` gives, whose weights act on membranes at full gain; a LIF of the
    receiver takes ``1 - beta`` of its current. ``head``: the readout, taken as it is.

    Raises ValueError where a threshold or bias differs within a channel, or a number does not survive float32.
    """
    state = {name: value.clone() for name, value in like.state_dict().items()}
    state |= {f"readout.{name}": value.detach().clone() for name, value in head.state_dict().items()}
    for name in ("stem", *(f"stages.{number}" for number in range(len(like.stages)))):
        beta = float(state[f"{name}.lif.beta"])
        neuron, weight = trained.nodes[f"{name}.lif"], trained.nodes[f"{name}.conv"].weight
        state[f"{name}.conv.conv.weight"] = _exact(weight / (1 - beta), f"{name}.conv")
        bias = _by_channel(np.asarray(neuron.v_leak)) + _bias(trained, f"{name}.conv") / (1 - beta)
        state[f"{name}.conv.conv.bias"] = _exact(bias, f"{name}.conv")
        _put_neuron(state, trained, f"{name}.lif")
        if f"{name}.shortcut.lif.theta" in state:
            layer = trained.nodes[f"{name}.shortcut.conv"]
            state[f"{name}.shortcut.conv.weight"] = _exact(layer.weight, f"{name}.shortcut.conv")
            bias = _bias(trained, f"{name}.shortcut.conv")
            state[f"{name}.shortcut.conv.bias"] = _exact(
                np.broadcast_to(bias, layer.weight.shape[:1]), f"{name}.shortcut.conv"
            )
            _put_neuron(state, trained, f"{name}.shortcut.lif")
    return state


def _put_neuron(state: dict[str, Tensor], trained: Network, name: str) -> None:
    thresholds = _by_channel(np.asarray(trained.nodes[name].v_threshold))
    state[f"{name}.theta"] = _exact(thresholds.reshape(-1, 1, 1), name)
    terms = trained.contract.of(name)
    assert terms.state_grid is not None
    assert terms.v_min is not None
    end = terms.v_min if name == "stem.lif" else FLOOR * (terms.v_min - terms.state_grid)
    state[f"{name}.grid"], state[f"{name}.floor"] = _exact(terms.state_grid, name), _exact(end, name)


def _bias(trained: Network, name: str) -> Any:
    bias = getattr(trained.nodes[name], "bias", None)
    return 0.0 if bias is None else np.asarray(bias)


def _by_channel(values: Any) -> Any:
    """One number per channel, of a map in which all numbers of a channel are the same."""
    first = values.reshape(len(values), -1)[:, 0]
    if not np.array_equal(values, np.broadcast_to(first.reshape(-1, *[1] * (values.ndim - 1)), values.shape)):
        raise ValueError("a bias or threshold differs within a channel")
    return first


def _exact(values: Any, name: str) -> Tensor:
    single = torch.tensor(np.asarray(values, np.float64)).float()
    if not np.array_equal(single.double().numpy(), np.asarray(values, np.float64)):
        raise ValueError(f"{name}: numbers that float32 does not hold exactly")
    return single
