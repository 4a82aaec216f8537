"""Modules whose forward pass is refused, and what the remedies make of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import sinabs.layers as sl
import snntorch as snn
import torch
from norse.torch import LIFBoxCell
from spikingjelly.activation_based import functional, neuron
from torch import nn

from neurodeploy.frontends.torch_module import module_network
from neurodeploy.frontends.user_module import live_network
from neurodeploy.network import InputRange, Network
from neurodeploy.numerics import INT32
from neurodeploy.passes.pipeline import quantize
from tests.remedies.case import Case

Forward = Callable[..., Any]


class Own(nn.Module):
    """A module of these layers with this forward pass, which is given the module and what it receives."""

    def __init__(self, run: Forward, **layers: Any) -> None:
        super().__init__()
        for name, value in layers.items():
            setattr(self, name, value)
        self.run = run

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


class Stepped(Own):
    """The same with a state that is given back."""

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:  # type: ignore[override]
        return self.run(self, x, state)


def read(module: nn.Module, shape: tuple[int, ...] = (6,)) -> Network:
    return module_network(module, shape, InputRange(), 1e-3)


def module(refused: Callable[[], nn.Module], says: str, followed: Callable[[], nn.Module], shape: Any = (6,)) -> Case:
    """A module that is refused, and one that becomes a network, and that network integers."""

    def integers() -> object:
        torch.manual_seed(0)
        return quantize(read(followed(), shape), INT32)

    return Case(lambda: read(refused(), shape), says, integers)


def dense(*after: Any) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 8), *after)


def leaky(**options: Any) -> Any:
    return snn.Leaky(0.5, init_hidden=True, **options)


def one(refused: Callable[[], Any], says: str, followed: Callable[[], Any]) -> Case:
    """A neuron behind a dense layer."""
    return module(lambda: dense(refused()), says, lambda: dense(followed()))


def several_steps(*layers: nn.Module) -> nn.Sequential:
    net = nn.Sequential(*layers)
    functional.set_step_mode(net, "m")
    return net


def set_after(made: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(made, name, value)
    return made


def quietly(make: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def two(run: Forward, **more: Any) -> Own:
    """Two dense layers with a neuron each."""
    layers = {"fc1": nn.Linear(6, 8), "sn1": neuron.IFNode(), "fc2": nn.Linear(8, 4), "sn2": neuron.IFNode()}
    return Own(run, **{**layers, **more})


def in_steps(run: Forward) -> Own:
    """The same, given all steps at once."""
    net = two(run)
    functional.set_step_mode(net, "m")
    return net


def plain(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.sn2(m.fc2(m.sn1(m.fc1(x))))


def counting(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.steps += 1
    return m.sn1(m.fc1(x) * m.steps)


def failing_late(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.steps += 1
    if m.steps > 9:
        raise ValueError("worn out")
    return plain(m, x)


def looped(m: Any, x: torch.Tensor, summed: Callable[..., Any]) -> torch.Tensor:
    total, sent = None, None
    for _ in range(4):
        sent = m.sn1(m.fc1(x))
        last = m.sn2(m.fc2(sent))
        total = last if total is None else summed(total, last, m, sent)
    assert total is not None
    return total


def membranes(run: Forward, **options: Any) -> nn.Module:
    lif = lambda: snn.Leaky(0.5, **options)  # noqa: E731
    return Stepped(run, fc1=nn.Linear(6, 8), fc2=nn.Linear(8, 4), fc3=nn.Linear(8, 4), a=lif(), b=lif())


def source_runs(make: Callable[[], nn.Module]) -> object:
    network = read(make())
    assert network.source is not None and network.source.run is not None
    return network.source.run({"input": np.zeros((1, 30, 6), np.float32)})


class Lock:
    """An object that cannot be copied."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("no copies")


FORMS: dict[str, Case] = {
    "neurons of other numbers of steps": module(
        lambda: Own(
            lambda m, x: m.b(m.a(m.fc(x).repeat(3, 1, 1))[:2].transpose(0, 1)),
            fc=nn.Linear(6, 8),
            a=neuron.IFNode(step_mode="m"),
            b=sl.IAF(),
        ),
        "let forward(x)",
        lambda: dense(neuron.IFNode()),
    ),
    "several values into a neuron": module(
        lambda: Own(
            lambda m, x: m.a(m.fc1(x), m.fc2(x) * 0)[0], fc1=nn.Linear(6, 8), fc2=nn.Linear(6, 8), a=snn.Leaky(0.5)
        ),
        "add them before",
        lambda: Own(lambda m, x: m.a(m.fc1(x) + m.fc2(x) * 0), fc1=nn.Linear(6, 8), fc2=nn.Linear(6, 8), a=leaky()),
    ),
    "a neuron that runs twice in a step": module(
        lambda: two(lambda m, x: [m.sn1(m.fc1(x) + m.sn1(m.fc1(x * 2))) for _ in range(4)][-1]),
        "use a neuron layer of its own",
        lambda: two(lambda m, x: looped(m, x, lambda total, last, _, __: total + last)),
    ),
    "a forward pass that fails": module(
        lambda: nn.Sequential(nn.Linear(5, 8), neuron.IFNode()), "check --input-shape", lambda: dense(neuron.IFNode())
    ),
    "a forward hook": module(
        lambda: set_after(net := dense(neuron.IFNode()), kept=net[0].register_forward_hook(lambda _, __, y: 2 * y)),
        "remove the hook",
        lambda: dense(neuron.IFNode()),
    ),
    "swapped states": module(
        lambda: membranes(
            lambda m, x, s: (
                (r := m.a(m.fc1(x), s[1] if s else None), q := m.b(r[0], s[0] if s else None)) and (q[0], (r[1], q[1]))
            ),
        ),
        "use its state only as its own",
        lambda: membranes(
            lambda m, x, s: (
                (r := m.a(m.fc1(x), s[0] if s else None), q := m.b(r[0], s[1] if s else None)) and (q[0], (r[1], q[1]))
            ),
        ),
    ),
    "neurons of different forms": module(
        lambda: nn.Sequential(nn.Linear(6, 8), neuron.IFNode(), sl.IAFSqueeze(batch_size=1)),
        "use one form in all",
        lambda: nn.Sequential(nn.Linear(6, 8), neuron.IFNode(), neuron.IFNode()),
    ),
    "double precision": module(
        lambda: dense(neuron.IFNode()).double(), "module.float()", lambda: dense(neuron.IFNode()).double().float()
    ),
    "one step for some, all for others": module(
        lambda: nn.Sequential(neuron.IFNode(step_mode="m"), nn.Linear(6, 4), neuron.IFNode()),
        "or all of them",
        lambda: several_steps(neuron.IFNode(), nn.Linear(6, 4), neuron.IFNode()),
    ),
    "no steps with a still image": module(
        lambda: nn.Sequential(nn.Linear(6, 8), neuron.IFNode(step_mode="m"), sl.IAF()),
        "let forward(x)",
        lambda: nn.Sequential(nn.Linear(6, 8), neuron.IFNode(), neuron.IFNode()),
    ),
    "a state that is not handed back": module(
        lambda: Stepped(lambda m, x, _: m.cell(m.fc(x)), fc=nn.Linear(6, 8), cell=LIFBoxCell()),
        "forward(x, state=None) take one step",
        lambda: Stepped(lambda m, x, s: m.cell(m.fc(x), s), fc=nn.Linear(6, 8), cell=LIFBoxCell()),
    ),
    "a state that starts elsewhere": module(
        lambda: membranes(lambda m, x, s: m.a(m.fc1(x), torch.ones(len(x), 8) if s is None else s)),
        "let its states start at zero",
        lambda: membranes(lambda m, x, s: m.a(m.fc1(x), torch.zeros(len(x), 8) if s is None else s)),
    ),
    "an object that cannot be copied": Case(
        lambda: live_network(set_after(dense(neuron.IFNode()), lock=Lock()), (6,), 1e-3, InputRange()),
        "keep that object out of the module",
        lambda: live_network(dense(neuron.IFNode()), (6,), 1e-3, InputRange()),
    ),
    "a forward pass that fails later": Case(
        lambda: source_runs(lambda: two(failing_late, steps=0)),
        "let every step do the same",
        lambda: source_runs(lambda: two(plain)),
    ),
    "steps that differ": module(
        lambda: Own(counting, fc1=nn.Linear(6, 8), sn1=neuron.IFNode(), steps=0),
        "let every step do the same",
        lambda: dense(neuron.IFNode()),
    ),
    "nothing of a layer returned": module(
        lambda: two(lambda m, x: plain(m, x).new_zeros(3)), "return what the last layer sends", lambda: two(plain)
    ),
    "a membrane that is reset": module(
        lambda: membranes(lambda m, x, s: (m.a(m.fc1(x), s)[1],) * 2),
        "reset_mechanism='none'",
        lambda: membranes(lambda m, x, s: (m.a(m.fc1(x), s)[1],) * 2, reset_mechanism="none"),
    ),
    "spikes and membrane": module(
        lambda: membranes(
            lambda m, x, s: (r := m.a(m.fc1(x), s)) and (m.fc2(r[0]) + m.fc3(r[1]), r[1]), reset_mechanism="none"
        ),
        "use a neuron layer for each",
        lambda: membranes(
            lambda m, x, s: (
                (r := m.a(m.fc1(x), s[0] if s else None), q := m.b(m.fc1(x), s[1] if s else None))
                and (q[1], (r[1], q[1]))
            ),
            reset_mechanism="none",
        ),
    ),
    "a neuron reset in every step whose spikes return": module(
        lambda: Own(
            lambda m, x: (m.lif.reset_mem(), m.lif(m.fc(x), *m.lif.reset_mem()))[1][0],
            fc=nn.Linear(6, 8),
            lif=snn.RLeaky(0.5, linear_features=8),
        ),
        "reset it before a sample, outside of the step",
        lambda: nn.Sequential(nn.Linear(6, 8), snn.RLeaky(0.5, linear_features=8, init_hidden=True)),
    ),
    "TorchScript": module(
        lambda: quietly(lambda: torch.jit.script(nn.Sequential(nn.Linear(6, 4)))),
        "give the module that it was made from",
        lambda: dense(neuron.IFNode()),
    ),
}

FLOW: dict[str, Case] = {
    "what no layer sends": module(
        lambda: two(lambda m, x: plain(m, torch.rand(x.shape))),
        "feed it what a layer or neuron sends",
        lambda: two(plain),
    ),
    "a layer behind a sum over time": module(
        lambda: in_steps(lambda m, x: m.fc2(m.sn1(m.fc1(x)).sum(0))),
        "let it run in every step",
        lambda: in_steps(lambda m, x: plain(m, x).sum(0)),
    ),
    "a layer behind the last step": module(
        lambda: in_steps(lambda m, x: m.fc2(m.sn1(m.fc1(x))[-1])),
        "let it run in every step",
        lambda: in_steps(plain),
    ),
    "the first step alone": module(
        lambda: in_steps(lambda m, x: plain(m, x)[0]),
        "the sum or mean of it over time",
        lambda: in_steps(lambda m, x: plain(m, x).mean(0)),
    ),
    "a flow that depends on values": module(
        lambda: two(lambda m, x: plain(m, x) if x.tolist() else x), "let every step do the same", lambda: two(plain)
    ),
    "a softmax in every step": module(
        lambda: two(lambda m, x: plain(m, x).softmax(-1)), "return the values without it", lambda: two(plain)
    ),
    "a state that is read": module(
        lambda: membranes(lambda m, x, s: (r := m.a(m.fc1(x), s)) and (m.fc2(r[1] * 2), r[1])),
        "pass on what it sends",
        lambda: membranes(
            lambda m, x, s: (
                (r := m.a(m.fc1(x), s[0] if s else None), q := m.b(r[0], s[1] if s else None)) and (q[0], (r[1], q[1]))
            )
        ),
    ),
    "values changed where others see them": module(
        lambda: two(lambda m, x: (a := m.fc1(x), b := a.view(-1, 8), b.mul_(2)) and m.sn1(b)),
        "make a new tensor",
        lambda: two(lambda m, x: m.sn1(m.fc1(x).view(-1, 8) * 2)),
    ),
    "dropout that always drops": module(
        lambda: two(lambda m, x: m.sn1(nn.functional.dropout(m.fc1(x), 0.5))),
        "training=self.training",
        lambda: two(lambda m, x: m.sn1(nn.functional.dropout(m.fc1(x), 0.5, training=m.training))),
    ),
    "an unknown layer": module(lambda: dense(nn.Tanh()), "known layers: ", lambda: dense(neuron.IFNode())),
    "a function for which there is a layer": module(
        lambda: two(lambda m, x: m.sn1(nn.functional.linear(x, torch.ones(8, 6)))),
        "torch.nn's layer",
        lambda: two(plain),
    ),
    "a function without a layer": module(
        lambda: two(lambda m, x: m.sn1(torch.tanh(m.fc1(x)))),
        "use a layer or a neuron",
        lambda: two(lambda m, x: m.sn2(m.fc2(m.sn1(m.fc1(x) * 2)))),
    ),
    "a part of the values": module(lambda: two(lambda m, x: m.sn1(m.fc1(x))[:, :3]), "use a layer", lambda: two(plain)),
    "values of different steps": module(
        lambda: two(lambda m, x: looped(m, x, lambda total, _, n, sent: total + n.fc2(sent))),
        "before its values are added up over time",
        lambda: two(lambda m, x: looped(m, x, lambda total, last, _, __: total + last)),
    ),
}


MODULES: dict[str, Case] = {**FORMS, **FLOW}
