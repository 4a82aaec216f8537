"""Norse: LIFBoxCell, LIFCell, IAFCell, LIBoxCell and recurrent cells, exported by ``norse.torch.utils.export_nir``."""

from __future__ import annotations

from typing import Any

import norse.torch as norse
import torch
from book import Book, folder
from nets import Layer, Net, nets
from norse.torch.functional.reset import reset_subtract
from norse.torch.utils.export_nir import to_nir
from torch_layers import modules, step_through

ASSUMED = "v_reset is not written: read as 0, whatever it was"


class Stateful(torch.nn.Module):
    """A cell that keeps its state from step to step; for running, not for export."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell, self.state = cell, None

    def forward(self, x: Any) -> Any:
        out, self.state = self.cell(x, self.state)
        return out


def neuron(net: Net, kind: str, more: dict[str, Any], layer: Layer, index: int) -> Any:
    full = lambda value: torch.full(layer.shape, value)  # noqa: E731
    mem = torch.tensor((1 - net.decays(layer.shape, 0.75, index)) * 1000)
    syn = torch.tensor((1 - net.decays(layer.shape, 0.5, index + 7)) * 1000)
    same = {"v_reset": full(0.0), **more}
    if kind == "iaf":
        return norse.IAFCell(norse.IAFParameters(v_th=full(1.5), **same))
    if kind == "li" and index == 1:
        return norse.LIBoxCell(norse.LIBoxParameters(tau_mem_inv=mem, v_leak=full(0.0)))
    if kind in ("box", "li"):
        return norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=mem, v_leak=full(0.125), v_th=full(0.5), **same))
    p = norse.LIFParameters(tau_syn_inv=syn, tau_mem_inv=mem, v_leak=full(0.0), v_th=full(0.75), **same)
    return norse.LIFRecurrentCell(16, 16) if layer.recurrent is not None else norse.LIFCell(p)


def add(book: Book, net: Net, kind: str, profile: str = "norse-1.1", told: str = "", **more: Any) -> None:
    made = modules(net, lambda layer, index: neuron(net, kind, more, layer, index))

    def export() -> Any:
        # nir can complete a convolution's shapes only where the batch does not stand in the Input's.
        shape = net.stimulus.shape[2:]
        frame = torch.zeros(shape) if net.topology == "conv" else torch.zeros(1, *shape)
        return to_nir(norse.SequentialState(*made), frame)

    def run(x: Any) -> list[Any]:
        cells = [
            each if isinstance(each, torch.nn.Linear | torch.nn.Conv2d | torch.nn.Flatten) else Stateful(each)
            for each in made
        ]
        return step_through(x, cells, [each for each in cells if isinstance(each, Stateful)])

    book.add(net, profile, export, run, net.grid and kind != "li", **({"unread": told} if told else {}))


def main() -> None:
    book = Book(folder(), "norse", "torch", "nir", "nirtorch", "numpy")
    for kind in ("box", "iaf", "lif"):
        for net in nets(kind, "dense", "conv"):
            add(book, net, kind)
    for net in nets("li", "dense"):
        add(book, net, "li")
    for net in nets("box_subtract", "dense"):
        add(book, net, "box", "norse-1.1,reset=subtract", reset_method=reset_subtract)
    for net in nets("lif", "recurrent"):
        add(book, net, "lif")
    add(book, Net("box", "flatten", "grid"), "box")
    add(book, Net("box_v_reset", "dense", "grid"), "box", told=ASSUMED, v_reset=torch.tensor(-0.25))
    book.close()


main()
