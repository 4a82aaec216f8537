"""snnTorch: Leaky, Synaptic, RLeaky and RSynaptic under every reset, exported by ``snntorch.export_nir``."""

from __future__ import annotations

from typing import Any

import snntorch as snn
import torch
from book import Book, folder
from nets import Layer, Net, nets
from snntorch.export_nir import export_to_nir
from torch_layers import modules, step_through

RESETS = {
    "subtract": ({"reset_mechanism": "subtract"}, "snntorch-1.0"),
    "zero": ({"reset_mechanism": "zero"}, "snntorch-1.0,reset=zero"),
    "subtract_at_once": ({"reset_mechanism": "subtract", "reset_delay": False}, "snntorch-1.0,reset_timing=same-step"),
    "zero_at_once": (
        {"reset_mechanism": "zero", "reset_delay": False},
        "snntorch-1.0,reset=zero,reset_timing=same-step",
    ),
}


def neuron(net: Net, kind: str, reset: dict[str, Any], layer: Layer, index: int) -> Any:
    # High enough that a subtraction in the step of the spike never leaves a membrane above it.
    high = reset.get("reset_delay", True) is False and reset["reset_mechanism"] == "subtract"
    threshold = torch.full(layer.shape, (1.5 if kind != "synaptic" else 3.0) * (3 if high else 1))
    same = {"threshold": threshold, "init_hidden": True, **reset}
    beta = torch.tensor(net.decays(layer.shape, 0.9375 if high else 0.8125, index, 0.9 if high else 0.5))
    alpha = torch.tensor(net.decays(layer.shape, 0.5, index + 7))
    if kind == "integrate":
        return snn.Leaky(torch.ones(layer.shape), **same)
    if layer.recurrent is not None:
        cell = (
            snn.RLeaky(beta, linear_features=16, **same)
            if kind == "leaky"
            else snn.RSynaptic(alpha, beta, linear_features=16, **same)
        )
        cell.recurrent.weight.data, cell.recurrent.bias.data = (
            torch.tensor(layer.recurrent),
            torch.tensor(layer.recurrent_bias),
        )
        return cell
    return snn.Leaky(beta, **same) if kind == "leaky" else snn.Synaptic(alpha, beta, **same)


def add(book: Book, net: Net, kind: str, reset: dict[str, Any], profile: str, **more: Any) -> None:
    made = modules(net, lambda layer, index: neuron(net, kind, reset, layer, index), lambda: torch.nn.AvgPool2d(2))

    def export() -> Any:
        frame = torch.zeros(1, *net.stimulus.shape[2:])
        return export_to_nir(torch.nn.Sequential(*made), frame, ignore_dims=[0])

    book.add(net, profile, export, lambda x: run(made, x), **more)


def run(made: list[Any], x: Any) -> list[Any]:
    spiking = [each for each in made if isinstance(each, snn.SpikingNeuron)]
    for each in spiking:
        each.reset_mem()
    return step_through(x, made, spiking)


DROPS = "with `zero`, Synaptic and recurrent neurons also drop the input of the step after a spike; lint says so"


def main() -> None:
    book = Book(folder(), "snntorch", "torch", "nir", "nirtorch", "numpy")
    for reset, (options, profile) in RESETS.items():
        for net in nets(f"leaky_{reset}", "dense", "conv"):
            add(book, net, "leaky", options, profile)
        for kind, topology in (("leaky", "recurrent"), ("synaptic", "dense"), ("synaptic", "recurrent")):
            drops = {"unread": DROPS} if reset == "zero" else {}
            for net in nets(f"{kind}_{reset}", topology):
                add(book, net, kind, options, profile, **drops)
    options, profile = RESETS["subtract"]
    for net in nets("leaky_subtract", "flatten", "pool"):
        add(book, net, "leaky", options, profile)
    for net in nets("integrate_subtract", "dense"):
        add(book, net, "integrate", options, profile)
    for net in nets("leaky_none", "dense"):
        add(book, net, "leaky", {"reset_mechanism": "none"}, "snntorch-1.0,reset=none")
    book.close()


main()
