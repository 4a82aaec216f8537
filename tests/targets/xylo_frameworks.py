"""Small recurrent networks of the frameworks from which networks come to Xylo, as the frameworks hold or write them."""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np

from neurodeploy.flow.loading import load
from neurodeploy.network.network import Network

INPUTS, HIDDEN, OUTPUTS = 8, 20, 4


def snntorch_recurrent(folder: Path) -> Network:
    """RSynaptic behind and before dense layers, its recurrent layer inside it."""
    import snntorch as snn
    import torch
    from torch import nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.enter, self.leave = nn.Linear(INPUTS, HIDDEN), nn.Linear(HIDDEN, OUTPUTS)
            self.hidden = snn.RSynaptic(
                alpha=0.7, beta=0.875, linear_features=HIDDEN, threshold=1.0, reset_mechanism="subtract"
            )
            self.out = snn.Synaptic(alpha=0.75, beta=0.9, threshold=0.3, reset_mechanism="subtract")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden, out, spikes = self.hidden.init_rsynaptic(), self.out.init_synaptic(), []
            for step in x:
                hidden = self.hidden(self.enter(step), *hidden)
                sent, *out = self.out(self.leave(hidden[0]), *out)
                spikes.append(sent)
            return torch.stack(spikes)

    return load(Recurrent(), input_shape=(INPUTS,))


def norse_recurrent(folder: Path) -> Network:
    """LIFRecurrentCell, whose neurons reset to zero."""
    import norse.torch as norse
    import torch
    from torch import nn

    torch.manual_seed(0)
    p = norse.LIFParameters(v_th=torch.as_tensor(0.3))
    layers = nn.Linear(INPUTS, HIDDEN), norse.LIFRecurrentCell(HIDDEN, HIDDEN, p), nn.Linear(HIDDEN, OUTPUTS)
    return load(nn.Sequential(*layers, norse.LIFCell(p)), input_shape=(INPUTS,))


def rockpool_recurrent(folder: Path) -> Network:
    """LIFTorch as its exporter writes it, beside the recurrent weights that the exporter leaves to the user."""
    rng = np.random.default_rng(5)

    def cuba(size: int) -> nir.CubaLIF:
        ones = np.ones(size, np.float32)
        r = (10e-3 * np.exp(-1e-3 / 10e-3) / 1e-3) * ones
        return nir.CubaLIF(5e-3 * ones, 10e-3 * ones, r, 0 * ones, 2 * ones)

    def dense(size: int, count: int, spread: float) -> nir.Linear:
        return nir.Linear(rng.normal(spread, spread, (size, count)).astype(np.float32))

    nodes = {
        "input": nir.Input({"input": np.array([INPUTS])}),
        "0": dense(HIDDEN, INPUTS, 0.1),
        "1": cuba(HIDDEN),
        "back": dense(HIDDEN, HIDDEN, 0.01),
        "2": dense(OUTPUTS, HIDDEN, 0.02),
        "3": cuba(OUTPUTS),
        "output": nir.Output({"output": np.array([OUTPUTS])}),
    }
    edges = [("input", "0"), ("0", "1"), ("1", "back"), ("back", "1"), ("1", "2"), ("2", "3"), ("3", "output")]
    nir.write(folder / "rockpool.nir", nir.NIRGraph(nodes, edges, type_check=False))
    return load(folder / "rockpool.nir", profile="rockpool-3.1")
