"""Neurons of the frameworks that are refused, and what their remedies make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sinabs.layers as sl
import snntorch as snn
import torch
from norse.torch import LIFBoxCell, LIFBoxParameters, LIFCell, LIFParameters
from sinabs.activation import MembraneReset, MembraneSubtract, MultiSpike, SingleSpike
from spikingjelly.activation_based import layer, neuron, surrogate
from torch import nn

from neurodeploy.frontends.values import SAMPLES
from tests.remedies.case import Case
from tests.remedies.modules import Stepped, dense, leaky, module, one, set_after, several_steps

SPREAD = torch.full((SAMPLES, 1), 0.5)
SNN: dict[str, Case] = {
    "a circuit faster than its step": one(
        lambda: snn.Lapicque(R=0.5, C=0.5, init_hidden=True),
        "use an R * C from time_step on",
        lambda: snn.Lapicque(R=2.0, C=0.5, init_hidden=True),
    ),
    "a circuit reset to zero": one(
        lambda: snn.Lapicque(R=2.0, C=2.0, reset_mechanism="zero", init_hidden=True),
        "train with reset_mechanism='subtract'",
        lambda: snn.Lapicque(R=2.0, C=2.0, reset_mechanism="subtract", init_hidden=True),
    ),
    "a parameter of another shape": one(
        lambda: snn.Leaky(SPREAD, init_hidden=True),
        "one per neuron",
        lambda: snn.Leaky(torch.full((8,), 0.5), init_hidden=True),
    ),
    "a late reset to zero behind a current": one(
        lambda: snn.Synaptic(0.5, 0.5, reset_mechanism="zero", init_hidden=True),
        "train with reset_mechanism='subtract'",
        lambda: snn.Synaptic(0.5, 0.5, init_hidden=True),
    ),
    "a reset to zero above the threshold": one(
        lambda: leaky(threshold=-0.5, reset_mechanism="zero", reset_delay=False),
        "use a threshold from 0",
        lambda: leaky(threshold=0.5, reset_mechanism="zero", reset_delay=False),
    ),
    "inhibition": one(lambda: leaky(inhibition=True), "train without inhibition", leaky),
    "a rounded membrane": one(lambda: leaky(state_quant=torch.round), "leave out state_quant", leaky),
    "graded spikes": module(
        lambda: dense(leaky(graded_spikes_factor=2.0), nn.Linear(8, 4), leaky()),
        "scale the weights after it",
        lambda: set_after(net := dense(leaky(), nn.Linear(8, 4), leaky()), kept=net[2].weight.data.mul_(2.0)),
    ),
    "no step": one(
        lambda: leaky(spike_grad=lambda x: x),
        "use a surrogate that is one",
        lambda: leaky(spike_grad=snn.surrogate.atan()),
    ),
    "a recurrent neuron that cannot run": one(
        lambda: snn.RSynaptic(0.5, 0.5, linear_features=8, init_hidden=True, reset_delay=False),
        "leave reset_delay at True",
        lambda: snn.RSynaptic(0.5, 0.5, linear_features=8, init_hidden=True),
    ),
    "a reset that was changed later": one(
        lambda: set_after(leaky(reset_delay=False), reset_mechanism="zero"),
        "give reset_mechanism where the neuron is made",
        lambda: leaky(reset_delay=False, reset_mechanism="zero"),
    ),
}

SPIKINGJELLY: dict[str, Case] = {
    "a short time constant": one(
        lambda: set_after(neuron.LIFNode(2.0), tau=0.5), "use a tau from 1", lambda: neuron.LIFNode(1.25)
    ),
    "a short time constant of a membrane": module(
        lambda: several_steps(layer.Linear(6, 8), set_after(neuron.NonSpikingLIFNode(2.0), tau=0.5)),
        "use a tau from 1",
        lambda: several_steps(layer.Linear(6, 8), neuron.NonSpikingLIFNode(1.25)),
    ),
    "a membrane joined over time": module(
        lambda: several_steps(layer.Linear(6, 8), neuron.NonSpikingLIFNode(decode="max-mem")),
        "use decode=None",
        lambda: several_steps(layer.Linear(6, 8), neuron.NonSpikingLIFNode(decode=None)),
    ),
    "no step of SpikingJelly": one(
        lambda: neuron.IFNode(surrogate_function=surrogate.Sigmoid(spiking=False)),
        "with spiking=True",
        lambda: neuron.IFNode(surrogate_function=surrogate.Sigmoid(spiking=True)),
    ),
    "reduced precision": one(
        lambda: set_after(neuron.IFNode(), _neuron_precision="fp16"), "run it in float32", neuron.IFNode
    ),
}


def iaf(**options: Any) -> Any:
    return sl.IAF(spike_fn=SingleSpike, **options)


SINABS: dict[str, Case] = {
    "neurons with clamps of their own": one(
        lambda: set_after(iaf(min_v_mem=-1.0), min_v_mem=nn.Parameter(torch.linspace(-2.0, -1.0, 8))),
        "use one min_v_mem per layer",
        lambda: iaf(min_v_mem=-1.0),
    ),
    "a clamped leak": one(lambda: sl.ExpLeak(5.0, min_v_mem=0.0), "leave out min_v_mem", lambda: sl.ExpLeak(5.0)),
    "an alpha above one": one(
        lambda: set_after(sl.LIF(5.0), tau_mem=nn.Parameter(torch.as_tensor(-5.0))),
        "train it within them",
        lambda: sl.LIF(5.0, spike_fn=SingleSpike),
    ),
    "a clamp above the reset": one(lambda: iaf(min_v_mem=0.5), "use a min_v_mem up to 0", lambda: iaf(min_v_mem=0.0)),
    "a threshold of zero": one(
        lambda: iaf(spike_threshold=0.0, min_v_mem=-1.0),
        "use one above 0",
        lambda: iaf(spike_threshold=0.5, min_v_mem=-1.0),
    ),
    "spikes of one's own": one(lambda: sl.IAF(spike_fn=type("Own", (MultiSpike,), {})), "SingleSpike", iaf),
    "an added reset": one(
        lambda: iaf(reset_fn=MembraneReset(0.5)), "reset to 0", lambda: iaf(reset_fn=MembraneReset(0.0))
    ),
    "a reset of one's own": one(
        lambda: iaf(reset_fn=type("Own", (MembraneSubtract,), {})()),
        "use MembraneSubtract",
        lambda: iaf(reset_fn=MembraneSubtract()),
    ),
    "another subtraction": one(
        lambda: iaf(reset_fn=MembraneSubtract(0.5)),
        "leave out subtract_value",
        lambda: iaf(reset_fn=MembraneSubtract()),
    ),
    "a feedback of two layers": one(
        lambda: sl.LIFRecurrent(5.0, nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))),
        "use one Linear on (N,) or one Conv2d on (C, H, W), without a bias",
        lambda: sl.LIFRecurrent(5.0, nn.Linear(8, 8, bias=False), spike_fn=SingleSpike),
    ),
}


def norse(make: Callable[[], Any]) -> nn.Module:
    return Stepped(lambda m, x, s: m.cell(m.fc(x), s), fc=nn.Linear(6, 8), cell=make())


NORSE: dict[str, Case] = {
    "another dt": module(
        lambda: norse(lambda: LIFCell(dt=2e-3)), "use one dt in all cells", lambda: norse(lambda: LIFCell(dt=1e-3))
    ),
    "a short time constant of Norse": module(
        lambda: norse(lambda: LIFCell(LIFParameters(tau_mem_inv=torch.as_tensor(1500.0)))),
        "use a longer time constant",
        lambda: norse(lambda: LIFCell(LIFParameters(tau_mem_inv=torch.as_tensor(500.0)))),
    ),
    "neurons that start elsewhere": module(
        lambda: norse(lambda: LIFCell(LIFParameters(v_leak=torch.linspace(0.0, 0.1, 8)))),
        "use one leak potential per layer",
        lambda: norse(lambda: LIFCell(LIFParameters(v_leak=torch.as_tensor(0.1)))),
    ),
    "a reset of Norse of one's own": module(
        lambda: norse(lambda: LIFBoxCell(LIFBoxParameters(reset_method=lambda *values: values[1]))),
        "use reset_value or reset_subtract",
        lambda: norse(LIFBoxCell),
    ),
}


NEURONS: dict[str, Case] = {**SNN, **SPIKINGJELLY, **SINABS, **NORSE}
