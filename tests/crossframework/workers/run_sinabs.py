"""sinabs: IAF, LIF and ExpLeak, many spikes or one, subtraction or reset, exported by ``sinabs.nir`` with nir 1.0.4."""

from __future__ import annotations

from typing import Any

import sinabs.activation as activation
import sinabs.layers as layers
import torch
from book import Book, folder
from nets import Layer, Net, nets
from sinabs.nir import to_nir
from torch_layers import modules

VARIANTS: dict[str, tuple[dict[str, Any], str]] = {
    "": ({}, ""),
    "_single": ({"spike_fn": activation.SingleSpike}, ",max_spikes_per_step=1"),
    "_reset": ({"reset_fn": activation.MembraneReset()}, ",reset=zero"),
    "_single_reset": (
        {"spike_fn": activation.SingleSpike, "reset_fn": activation.MembraneReset()},
        ",reset=zero,max_spikes_per_step=1",
    ),
    "_clamped": ({"min_v_mem": -0.125}, ",v_min=-0.125"),
}
NO_CURRENT = "the synaptic time constant is not written"


def neuron(net: Net, kind: str, more: dict[str, Any], layer: Layer, index: int) -> Any:
    samples = 1 if more.get("exported") else len(net.stimulus)
    decays = torch.tensor(net.decays(layer.shape, 0.875, index))
    tau = torch.full(layer.shape, 8.0) if net.grid else 1 / (1 - decays)
    same = {"batch_size": samples, **{key: value for key, value in more.items() if key != "exported"}}
    if kind == "leak" and index == 1:
        return layers.ExpLeakSqueeze(tau_mem=tau, batch_size=samples)
    if layer.recurrent is not None:
        weights = torch.nn.Linear(16, 16)
        weights.weight.data, weights.bias.data = torch.tensor(layer.recurrent), torch.tensor(layer.recurrent_bias)
        return layers.IAFRecurrent(rec_connect=weights)
    if kind == "iaf":
        return layers.IAFSqueeze(spike_threshold=torch.full(layer.shape, 1.5), **same)
    threshold = torch.full(layer.shape, 0.25 if same.get("norm_input", True) else 1.5)
    return layers.LIFSqueeze(tau_mem=tau, spike_threshold=threshold, **same)


def add(book: Book, net: Net, kind: str, more: dict[str, Any], profile: str, **told: Any) -> None:
    def made(**own: Any) -> list[Any]:
        return modules(
            net, lambda layer, index: neuron(net, kind, more | own, layer, index), lambda: layers.SumPool2d(2)
        )

    def export() -> Any:
        time = (1,) if net.topology == "recurrent" else ()  # sinabs has no Squeeze form of this layer
        frame = torch.zeros(1, *time, *net.stimulus.shape[2:])
        return to_nir(torch.nn.Sequential(*made(exported=True)), frame)

    def run(x: Any) -> list[Any]:
        """Samples and steps share one dimension, as sinabs wants them for its Squeeze layers."""
        out, sent = torch.tensor(x).flatten(0, 1), []
        with torch.no_grad():
            for each in made():
                out = each(out)
                if isinstance(each, layers.StatefulLayer):
                    sent.append(out.numpy().reshape(*x.shape[:2], *out.shape[1:]))
        return sent

    exact = net.grid and kind == "iaf"
    book.add(net, f"sinabs-3.1{profile}", export, run, exact, **told)


def main() -> None:
    book = Book(folder(), "sinabs", "torch", "nir", "nirtorch", "numpy")
    for variant, (more, profile) in VARIANTS.items():
        for kind in ("iaf", "lif"):
            for net in nets(f"{kind}{variant}", "dense"):
                add(book, net, kind, more, profile)
    for kind in ("iaf", "lif"):
        for net in nets(kind, "conv"):
            add(book, net, kind, {}, "")
    for net in nets("iaf_single_reset", "conv"):
        add(book, net, "iaf", *VARIANTS["_single_reset"])
    for net in nets("lif_whole", "dense"):
        add(book, net, "lif", {"norm_input": False}, ",input_gain=unit")
    for net in nets("leak", "dense"):
        add(book, net, "leak", {}, "")
    for net in nets("iaf", "flatten", "pool"):
        add(book, net, "iaf", {}, "")
    add(book, Net("iaf", "recurrent", "grid"), "iaf", {}, "")
    add(book, Net("lif_current", "dense", "grid"), "lif", {"tau_syn": torch.tensor(4.0)}, "", unread=NO_CURRENT)
    book.close()


main()
