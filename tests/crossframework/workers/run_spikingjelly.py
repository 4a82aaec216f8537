"""SpikingJelly: IF, LIF, parametric LIF and CUBALIF, hard and soft reset, exported by its ``nir_exchange``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from book import Book, folder
from nets import Layer, Net, nets
from spikingjelly.activation_based import functional, neuron
from spikingjelly.activation_based.nir_exchange.to_nir import export_to_nir
from torch_layers import modules, step_through

PROFILE = "spikingjelly-2.0"


def node(net: Net, kind: str, v_reset: float | None, _layer: Layer, index: int) -> Any:
    tau = 4.0 if net.grid else float(np.random.default_rng(net.seed + 5 + index).uniform(2, 8))
    if kind == "if":
        return neuron.IFNode(v_threshold=1.5, v_reset=v_reset)
    if kind == "cuba":
        decays = (0.5, 0.75) if net.grid else (1 - 1 / (1 + tau), 1 - 1 / tau)
        return neuron.CUBALIFNode(*decays, v_threshold=3.0, v_reset=v_reset)
    if kind == "plif":
        return neuron.ParametricLIFNode(init_tau=tau, v_threshold=0.25, v_reset=v_reset)
    decay_input = kind == "lif"
    return neuron.LIFNode(tau, decay_input, v_threshold=0.25 if decay_input else 1.5, v_reset=v_reset)


def add(book: Book, net: Net, kind: str, v_reset: float | None = 0.0, dt: float = 1e-4, **more: Any) -> None:
    made = modules(net, lambda layer, index: node(net, kind, v_reset, layer, index), lambda: torch.nn.AvgPool2d(2))
    chain = torch.nn.Sequential(*made)

    def export() -> Any:
        frame = torch.zeros(1, *net.stimulus.shape[2:])
        return export_to_nir(chain, frame, dt=dt)

    def run(x: Any) -> list[Any]:
        functional.reset_net(chain)
        return step_through(x, made, [each for each in made if isinstance(each, neuron.BaseNode)])

    told = f"{PROFILE},dt={dt}" if dt != 1e-4 else PROFILE
    book.add(net, told, export, run, **more)


def main() -> None:
    book = Book(folder(), "spikingjelly", "torch", "nir", "nirtorch", "numpy")
    for kind in ("if", "lif", "lif_whole", "cuba"):
        for net in nets(kind, "dense", "conv"):
            add(book, net, kind)
        for net in nets(f"{kind}_v_reset", "dense"):
            add(book, net, kind, -0.25)
        add(book, Net(f"{kind}_soft", "dense", "grid"), kind, None)
    for net in nets("plif", "dense"):
        add(book, net, "plif", exact=False)
    for net in nets("lif_at_1ms", "dense"):
        add(book, net, "lif", dt=1e-3)
    for net in nets("if", "flatten", "pool"):
        add(book, net, "if")
    book.close()


main()
