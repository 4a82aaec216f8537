"""spyx 1.0.0: ``spyx/nir.py``, ``spyx/nn.py``.

- LIF, IF: ``z = V > threshold; V = beta V + x - z threshold`` (IF: beta 1). CuBaLIF: ``z = V > threshold; V -= z
  threshold; I = alpha I + x; V = beta V + I``. z is of the membrane *before* the step: every layer sends one step late.
  Our nodes fire in the step in which the membrane crosses, so a Delay of one step stands between layers; the raster of
  every layer is spyx's, one step earlier. Recurrent layers: the same z, through a layer, joins x.
- PSU_LIF is written as LI and Threshold: ``V = beta V + x``, without reset and not late.
- The exporter takes dt (1 by default: steps), writes tau = dt / (1 - beta) and r = *beta*; after Flatten the columns of
  a dense layer stand in the order height, width, channel; a recurrent layer's input is led through its recurrent
  weights; the padding of SumPool 'SAME' is the total of both sides; no v_reset.
- Precision: float32; beta is clipped to 0 .. 1. A step is taken to last 1 ms; nothing but seconds depends on that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.profiles.decays import Array, close, numbers, tau_for
from neurodeploy.profiles.evidence import every, kinds
from neurodeploy.profiles.profile import Defect, Evidence, Profile, Translation
from neurodeploy.profiles.snntorch import kept

SPIKING = ("IF", "LIF", "CubaLIF")
LATE = "_late"


def translate(node: RawNode, terms: Terms) -> Translation:
    """beta from r, alpha from its time constant; the drive is added as it is."""
    if node.kind in ("I", "IF"):
        return node, {}
    beta = kept(node, "tau", _dt(node)) if node.kind == "LI" else np.clip(numbers(node, "r").astype(np.float64), 0, 1)
    if node.kind != "CubaLIF":
        return node.change(tau=tau_for(beta, terms)), {}
    alpha: Array = kept(node, "tau_syn", _dt(node))
    changed = node.change(tau_mem=tau_for(beta, terms), tau_syn=tau_for(alpha, terms), w_in=np.ones(1))
    return changed, {"reset_timing": "same-step"}


def _dt(node: RawNode) -> float:
    """The exporter's dt: (1 - beta) tau, where r is beta; 1 for an LI."""
    tau = numbers(node, "tau_mem" if node.kind == "CubaLIF" else "tau")
    if node.kind == "LI" or tau.size == 0:
        return 1.0
    median = float(np.median((1.0 - numbers(node, "r").astype(np.float64)) * tau))
    return float(f"{median:.4g}") if median > 0 else 1.0


def late_outputs(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    """Spiking neurons that feed another layer."""
    feeding = {name for name, _ in _late_edges(raw)}
    return dict.fromkeys(sorted(feeding), "spyx sends its spikes one step late")


def delay_outputs(raw: Raw, terms: Terms) -> Raw:
    """A Delay of one step behind every spiking neuron that feeds another layer."""
    late = _late_edges(raw)
    for name in sorted({name for name, _ in late}):
        raw = raw.put(f"{name}{LATE}", RawNode("Delay", {"delay": np.array(terms.dt)}))
    edges = [(f"{a}{LATE}", b) if (a, b) in late else (a, b) for a, b in raw.edges]
    edges += [(name, f"{name}{LATE}") for name in sorted({name for name, _ in late})]
    return replace(raw, edges=tuple(edges))


def _late_edges(raw: Raw) -> set[tuple[str, str]]:
    """Edges from a spiking neuron to what follows its layer: not to the Output, not into its own loop."""
    edges: set[tuple[str, str]] = set()
    for a, b in raw.edges:
        if (
            raw.nodes[a].kind in SPIKING
            and b in raw.nodes
            and raw.nodes[b].kind != "Output"
            and (b, a) not in raw.edges
        ):
            edges.add((a, b))
    return edges


def dense_after_flatten(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    """Dense layers behind a Flatten of channels, height and width."""
    return {name: f"its columns stand in the order (H, W, C) of {shape}" for name, shape in _flattened(raw).items()}


def channels_first(raw: Raw, _terms: Terms) -> Raw:
    """Columns from (H, W, C) to NIR's (C, H, W)."""
    for name, (c, h, w) in _flattened(raw).items():
        weight = numbers(raw.nodes[name], "weight")
        columns = weight.reshape(len(weight), h, w, c).transpose(0, 3, 1, 2).reshape(weight.shape)
        raw = raw.change(name, weight=np.ascontiguousarray(columns))
    return raw


def _flattened(raw: Raw) -> dict[str, tuple[int, int, int]]:
    shapes_found: dict[str, tuple[int, int, int]] = {}
    for name, node in raw.nodes.items():
        weight = node.number("weight") if node.kind in ("Affine", "Linear") else None
        shapes = [raw.nodes[s].number("input_type") for s in raw.sources(name) if raw.nodes[s].kind == "Flatten"]
        shape = next(
            (tuple(int(n) for n in numbers) for numbers in shapes if numbers is not None and numbers.shape == (3,)),
            None,
        )
        if weight is not None and shape is not None and weight.ndim == 2 and weight.shape[1] == prod(shape):
            shapes_found[name] = (shape[0], shape[1], shape[2])
    return shapes_found


def misled_inputs(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    """Recurrent layers whose input passes through the recurrent weights."""
    return dict.fromkeys(_recurrent(raw), "the input of its layer is led through the recurrent weights")


def lead_inputs(raw: Raw, _terms: Terms) -> Raw:
    """The input of a recurrent layer straight to its neurons."""
    neuron = _recurrent(raw)
    edges = [(a, neuron[b]) if b in neuron and a != neuron[b] else (a, b) for a, b in raw.edges]
    return replace(raw, edges=tuple(edges))


def _recurrent(raw: Raw) -> dict[str, str]:
    """Recurrent weights that more than their own neurons feed, with those neurons."""
    places: dict[str, str] = {}
    for name, node in raw.nodes.items():
        loops = [t for t in raw.targets(name) if (t, name) in raw.edges and raw.nodes[t].kind in SPIKING]
        if node.kind == "Linear" and len(loops) == 1 and len(raw.sources(name)) > 1:
            places[name] = loops[0]
    return places


def total_padding(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    """SumPool2d whose padding, the total of both sides, is even."""
    return dict.fromkeys(_padded(raw), "its padding is the total of both sides; NIR's is that of each")


def halve_padding(raw: Raw, _terms: Terms) -> Raw:
    """Half the padding on each side."""
    for name in _padded(raw):
        raw = raw.change(name, padding=numbers(raw.nodes[name], "padding") // 2)
    return raw


def _padded(raw: Raw) -> list[str]:
    pools = {name: numbers(node, "padding") for name, node in raw.nodes.items() if node.kind == "SumPool2d"}
    return [name for name, padding in pools.items() if np.any(padding > 0) and np.all(padding % 2 == 0)]


def _r_is_beta(node: RawNode) -> bool:
    r, tau = numbers(node, "r"), numbers(node, "tau_mem" if node.kind == "CubaLIF" else "tau")
    return tau.size > 0 and bool(np.all((r > 0) & (r < 1))) and close((1.0 - r) * tau, _dt(node), 1e-3)


PROFILE = Profile(
    "spyx-1.0",
    "IF, LIF, CuBaLIF, recurrent too; soft reset, every layer one step late",
    Terms(reset="subtract", reset_timing="next-step", input_gain="unit"),
    translate,
    defects=(
        Defect(
            "spyx-columns-after-flatten", dense_after_flatten, channels_first,
            "every neuron of the layer is connected to the wrong places", "reorder its columns to (C, H, W)",
        ),
        Defect(
            "spyx-input-through-recurrence", misled_inputs, lead_inputs,
            "the layer's input is multiplied by the recurrent weights", "lead it straight to the neurons",
        ),
        Defect(
            "spyx-total-padding", total_padding, halve_padding,
            "windows reach too far beyond the border, and the shapes do not fit", "halve it",
        ),
        Defect(
            "spyx-late-outputs", late_outputs, delay_outputs,
            "without it every layer would hear the one before it a step too early", "put a Delay of one step behind it",
        ),
    ),
    evidence=(
        Evidence("every r is 1 - dt/tau, the decay itself", 5, every(_r_is_beta, "LIF", "CubaLIF")),
        Evidence("nodes are called layer_0, layer_1, ...", 2, lambda raw: "layer_0" in {n[:7] for n in raw.nodes}),
        Evidence("only neurons spyx exports", 1, kinds("IF", "LIF", "LI", "CubaLIF")),
    ),
    assumes={"dt": "files of spyx count in steps: a step was taken to be 1e-3 s"},
)  # fmt: skip
