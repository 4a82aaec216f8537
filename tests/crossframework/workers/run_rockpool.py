"""Rockpool: LIFNeuronTorch, LIFTorch and ExpSynTorch, exported by ``rockpool.nn.modules.torch.nir``."""

from __future__ import annotations

from typing import Any

import torch
from book import Book, folder
from nets import Layer, Net, nets
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules import ExpSynTorch, LIFNeuronTorch, LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir

PROFILE = "rockpool-3.1"
NO_BIAS = "the neurons' own bias is not written"
NO_LOOP = "the recurrent weights are not written"


def neuron(net: Net, kind: str, more: dict[str, Any], layer: Layer, index: int) -> Any:
    n = layer.shape[0]
    mem = torch.full((n,), 1e-2) if net.grid else 1e-3 / (1 - torch.tensor(net.decays((n,), 0, index)))
    syn = torch.full((n,), 5e-3) if net.grid else 1e-3 / (1 - torch.tensor(net.decays((n,), 0, index + 7)))
    threshold = torch.full((n,), 1.5)
    if kind == "readout" and index == 1:
        readout = ExpSynTorch(n, tau=mem)
        readout.tau.requires_grad_(not more.get("frozen", False))
        return readout
    if kind == "cuba":
        loop = {"has_rec": True, "w_rec": torch.tensor(layer.recurrent)} if layer.recurrent is not None else {}
        bias = more.get("bias", 0.0) * torch.ones(n)
        return LIFTorch(n, tau_mem=mem, tau_syn=syn.reshape(n, 1), threshold=2 * threshold, bias=bias, **loop)
    return LIFNeuronTorch(n, tau_mem=mem, threshold=threshold, bias=torch.full((n,), more.get("bias", 0.0)))


def add(
    book: Book, net: Net, kind: str, profile: str = PROFILE, more: dict[str, Any] | None = None, **told: Any
) -> None:
    def made() -> list[Any]:
        found: list[Any] = []
        for index, layer in enumerate(net.layers):
            if layer.conv:
                found.append(torch.nn.Conv2d(2, 4, 3))
                continue
            weight, bias = torch.tensor(layer.weight.T.copy()), torch.tensor(layer.bias)
            found.append(LinearTorch(weight.shape, weight=weight, bias=bias, has_bias=True))
            found.append(neuron(net, kind, more or {}, layer, index))
        return found

    def export() -> Any:
        return to_nir(Sequential(*made()))

    def run(x: Any) -> list[Any]:
        out, sent = torch.tensor(x), []
        with torch.no_grad():
            for each in made():
                out = each(out)[0]
                sent += [] if isinstance(each, LinearTorch) else [out.numpy().copy()]
        return sent

    book.add(net, profile, export, run, False, **told)


def main() -> None:
    book = Book(folder(), "rockpool", "torch", "nir", "nirtorch", "numpy")
    for kind in ("lif", "cuba"):
        for net in nets(kind, "dense"):
            add(book, net, kind)
        add(book, Net(f"{kind}_bias", "dense", "grid"), kind, more={"bias": 0.0625}, unread=NO_BIAS)
    add(book, Net("readout", "dense", "grid"), "readout")
    for net in nets("readout_frozen", "dense"):
        add(book, net, "readout", more={"frozen": True})
    add(book, Net("lif", "conv", "grid"), "lif")
    add(book, Net("cuba", "recurrent", "grid"), "cuba", unread=NO_LOOP)
    book.close()


main()
