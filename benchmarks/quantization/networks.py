"""The networks: made by name, trained by seed at run time, and kept outside the repository."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from typing import Any

import norse.torch as norse
import numpy as np
import snntorch as snn
import torch
from norse.torch.functional.lif import LIFParameters
from numpy.typing import NDArray
from snntorch import surrogate as snn_surrogate
from spikingjelly.activation_based import layer, neuron, surrogate
from torch import nn

import neurodeploy as nd
from benchmarks.environments import home
from benchmarks.quantization import data as data_sets
from benchmarks.quantization import training
from neurodeploy.atomic import write_file
from neurodeploy.network import InputRange, Network
from neurodeploy.passes.paths import output_nodes

Array = NDArray[np.float64]
CALIBRATION = 400
"""Samples that calibration may look at, of those that were trained on."""
COMPARED = 450
"""Presentations in which spikes are compared: the first of them."""
PRESENTATIONS = 20_000
"""On which accuracy is measured, where samples are sent as random spikes: each is presented often enough for that."""
FEWER = 5_000
"""Those of the rules of which no loss is reported."""
CHUNK = 2_000


@dataclass(frozen=True, eq=False)
class Shown:
    """Presentations of held-out samples: values ``(N, T, *shape)`` per input, with their ``labels`` ``(N,)``.

    ``samples``: which sample each of them shows ``(N,)``; one that is sent as random spikes is presented many times.
    """

    stimulus: dict[str, NDArray[Any]]
    labels: NDArray[np.int64]
    samples: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many different samples there are."""
        return len(np.unique(self.samples))

    def chunks(self) -> Iterator[dict[str, NDArray[Any]]]:
        """The stimulus, as much as fits into memory at a time."""
        for start in range(0, len(self.labels), CHUNK):
            yield {name: values[start : start + CHUNK] for name, values in self.stimulus.items()}

    def first(self, count: int) -> Shown:
        """The first presentations of them."""
        stimulus = {name: values[:count] for name, values in self.stimulus.items()}
        return Shown(stimulus, self.labels[:count], self.samples[:count])

    def as_floats(self) -> Shown:
        """The same presentations, spikes as floats."""
        return replace(self, stimulus={name: values.astype(np.float64) for name, values in self.stimulus.items()})

    def fewer(self) -> Shown:
        """``FEWER`` presentations or a few more, so that all samples are shown as often, if there are so many."""
        return self.first(-(-FEWER // self.count) * self.count if self.count < FEWER else FEWER)


@dataclass(frozen=True, eq=False)
class Trained:
    """A network with what it is shown: ``calibration``, which it was trained on, and ``held_out``."""

    name: str
    network: Network
    calibration: dict[str, Array]
    held_out: Shown
    feed_forward: bool = True

    @property
    def output(self) -> str:
        """The population that is read out."""
        return output_nodes(self.network)[0]


@dataclass(frozen=True)
class Recipe:
    """How a network is made: the module, the data, the steps, and the training.

    ``spikes``: pixels and features are sent as random spikes of that rate; else as values, the same in each step.
    """

    make: Callable[[int, int], nn.Module] | None
    data: str
    steps: int = 16
    spikes: bool = True
    epochs: int = 30
    rate: float = 2e-3
    seed: int = 0
    rates: bool = False
    feed_forward: bool = True


def trained(name: str) -> Trained:
    """The network of that name, trained unless it was before."""
    if name == DIGITS:
        return _digits()
    recipe = RECIPES[name]
    data = data_sets.load(recipe.data)
    torch.manual_seed(recipe.seed)
    assert recipe.make is not None
    module = recipe.make(int(np.prod(data.shape)), data.classes)
    place = (
        home() / "quantization" / f"{name.replace(' ', '-').replace(',', '')}-{fingerprint(recipe, module, data)}.pt"
    )
    if place.exists():
        module.load_state_dict(torch.load(place, weights_only=True))
    else:
        _train(module, recipe, data)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_file(place, lambda file: torch.save(module.state_dict(), file))
    module.eval()
    steps = encoder(recipe, 77)
    values = InputRange(0, 1, 1) if recipe.spikes else InputRange(0, 1, 1 / data_sets.LEVELS)
    network = nd.load(_spiking(module, recipe, data), input_shape=data.shape, input_range=values)
    shown = {network.input_names[0]: steps(data.train[:CALIBRATION])}
    held_out = presented(network.input_names[0], steps, data, recipe.spikes)
    return Trained(name, network, shown, held_out, recipe.feed_forward)


def presented(source: str, encode: Callable[[Array], Array], data: data_sets.Data, spikes: bool) -> Shown:
    """The held-out samples in turn, as often as it takes; one that is sent as values is the same each time."""
    count = len(data.held_out)
    times = -(-PRESENTATIONS // count) if spikes else 1
    kind = np.uint8 if spikes else np.float64
    parts = [data.held_out[start : start + CHUNK] for start in range(0, count, CHUNK)]
    values = np.concatenate([encode(part).astype(kind) for _ in range(times) for part in parts])
    return Shown({source: values}, np.tile(data.held_out_labels, times), np.tile(np.arange(count), times))


def _train(module: nn.Module, recipe: Recipe, data: data_sets.Data) -> None:
    if recipe.rates:
        training.train_rates(module, data, recipe.epochs, recipe.rate, recipe.seed)
    else:
        training.train(module, encoder(recipe, 1), data, recipe.epochs, recipe.rate, recipe.seed)


def _spiking(module: nn.Module, recipe: Recipe, data: data_sets.Data) -> nn.Module:
    """The module itself; a network of rates as spikes, by sinabs."""
    if not recipe.rates:
        return module
    from sinabs.activation import MaxSpike
    from sinabs.from_torch import from_model

    channels, height, width = data.shape
    return from_model(
        module,
        input_shape=(channels, height, width),
        batch_size=1,
        add_spiking_output=True,
        spike_fn=MaxSpike(MOST_SPIKES),
    ).spiking_model


MOST_SPIKES = 15
"""Of a sinabs neuron in one step: 8-bit hardware sends no more in four bits."""


def encoder(recipe: Recipe, seed: int) -> Callable[[Array], Array]:
    rng = np.random.default_rng(seed)

    def encode(samples: Array) -> Array:
        over_time = np.repeat(samples[:, None], recipe.steps, axis=1)
        return (rng.random(over_time.shape) < over_time).astype(np.float64) if recipe.spikes else over_time

    return encode


def fingerprint(recipe: Recipe, module: nn.Module, data: data_sets.Data) -> str:
    """Of everything that decides the weights; ``module`` is not trained yet.

    Of the data, that is what is trained on. Functions say where they lie in memory, which differs between processes.
    """
    content = hashlib.sha256()
    for part in (inspect.getsource(training), module, replace(recipe, make=None), torch.__version__):
        content.update(re.sub(r" at 0x[0-9a-f]+", "", repr(part)).encode())
    for value in (data.train, data.train_labels, *(value.numpy() for value in module.state_dict().values())):
        content.update(repr((value.shape, value.dtype.str)).encode() + value.tobytes())
    return content.hexdigest()[:12]


def _digits() -> Trained:
    """Our own reference network with real weights; the model itself ships them."""
    digits_model = import_module("neurodeploy.models.digits")
    data = import_module("neurodeploy.models.digits.data")
    config = digits_model.PRESETS["float-trained"]
    network = nd.load(digits_model.build(config), input_shape=(1, 8, 8), input_range=(0, 1, 1 / 16))
    shown = digits_model.stimulus(config)
    seen = data.present(torch.from_numpy(data.split()[0].pixels[:CALIBRATION]), config["steps"]).contiguous().numpy()
    source = network.input_names[0]
    values, labels = np.asarray(shown["input"], np.float64), np.asarray(shown.labels)
    held_out = Shown({source: values}, labels, np.arange(len(labels)))
    return Trained(DIGITS, network, {source: seen.astype(np.float64)}, held_out)


def _leaky(beta: float = 0.9, **options: Any) -> nn.Module:
    return snn.Leaky(beta, init_hidden=True, spike_grad=snn_surrogate.fast_sigmoid(10), **options)


def _snn_dense(inputs: int, classes: int, beta: float = 0.9, hidden: tuple[int, ...] = (128, 64)) -> nn.Module:
    return _chain([inputs, *hidden, classes], lambda size: _leaky(beta))


def _chain(sizes: list[int], make: Callable[[int], nn.Module], gain: float = 2.0) -> nn.Sequential:
    """Dense layers, each followed by a neuron; weights are as PyTorch draws them, times ``gain``."""
    parts = [part for a, b in pairwise(sizes) for part in (_scaled(nn.Linear(a, b), gain), make(b))]
    return nn.Sequential(*parts)


def _scaled(part: Any, gain: float) -> Any:
    with torch.no_grad():
        part.weight *= gain
    return part


def _snn_conv(inputs: int, classes: int) -> nn.Module:
    return nn.Sequential(
        _scaled(nn.Conv2d(1, 12, 3, padding=1), 2.0),
        _leaky(),
        _scaled(nn.Conv2d(12, 16, 3, stride=2, padding=1), 2.0),
        _leaky(),
        nn.Flatten(),
        _scaled(nn.Linear(256, 48), 2.0),
        _leaky(),
        _scaled(nn.Linear(48, classes), 2.0),
        _leaky(),
    )


def _snn_recurrent(inputs: int, classes: int) -> nn.Module:
    recurrent = snn.RLeaky(
        0.9, linear_features=64, init_hidden=True, spike_grad=snn_surrogate.fast_sigmoid(10), reset_mechanism="subtract"
    )
    first, last = _scaled(nn.Linear(inputs, 64), 2.0), _scaled(nn.Linear(64, classes), 2.0)
    return nn.Sequential(first, recurrent, last, _leaky())


def _lif(tau: float = 2.0) -> nn.Module:
    return neuron.LIFNode(tau, decay_input=False, surrogate_function=surrogate.ATan(), detach_reset=True)


def _jelly_conv(inputs: int, classes: int) -> nn.Module:
    return nn.Sequential(
        layer.Conv2d(1, 12, 3, padding=1),
        _lif(),
        layer.Conv2d(12, 24, 3, stride=2, padding=1),
        _lif(),
        layer.Conv2d(24, 24, 3, padding=1),
        _lif(),
        layer.Flatten(),
        layer.Linear(24 * 16, 64),
        _lif(),
        layer.Linear(64, classes),
        _lif(),
    )


def _jelly_dense(inputs: int, classes: int) -> nn.Module:
    return _chain([inputs, 48, 32, classes], lambda size: _lif(4.0), 1.5)


class Residual(nn.Module):
    """Two SEW blocks by addition; the shortcut of the second, which strides, spikes itself."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv0, self.lif0 = layer.Conv2d(1, 12, 3, padding=1), _lif()
        self.conv1, self.lif1 = layer.Conv2d(12, 12, 3, padding=1), _lif()
        self.conv2, self.lif2 = layer.Conv2d(12, 24, 3, stride=2, padding=1), _lif()
        self.short2, self.slif2 = layer.Conv2d(12, 24, 1, stride=2), _lif()
        self.flatten = layer.Flatten()
        self.fc, self.lif3 = layer.Linear(24 * 16, classes), _lif()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One step."""
        a = self.lif0(self.conv0(x))
        b = self.lif1(self.conv1(a)) + a
        c = self.lif2(self.conv2(b)) + self.slif2(self.short2(b))
        return self.lif3(self.fc(self.flatten(c)))


def _norse(**times: float) -> LIFParameters:
    values = {"tau_syn_inv": 500.0, "tau_mem_inv": 200.0, "v_th": 0.4} | times
    return LIFParameters(**{key: torch.tensor(value) for key, value in values.items()}, method="super", alpha=10.0)


def _norse_dense(inputs: int, classes: int) -> nn.Module:
    sizes = [inputs, 128, 64, classes]
    parts = [part for a, b in pairwise(sizes) for part in (_scaled(nn.Linear(a, b), 2.0), norse.LIFCell(_norse()))]
    return norse.SequentialState(*parts)


def _norse_box(inputs: int, classes: int) -> nn.Module:
    parameters = norse.LIFBoxParameters(
        tau_mem_inv=torch.tensor(250.0), v_th=torch.tensor(0.5), method="super", alpha=10.0
    )
    sizes = [inputs, 64, 32, classes]
    parts = [part for a, b in pairwise(sizes) for part in (_scaled(nn.Linear(a, b), 3.0), norse.LIFBoxCell(parameters))]
    return norse.SequentialState(*parts)


def _norse_recurrent(inputs: int, classes: int) -> nn.Module:
    hidden, last = norse.LIFRecurrentCell(inputs, 64, _norse()), norse.LIFCell(_norse())
    with torch.no_grad():
        hidden.input_weights *= 6.0
        hidden.recurrent_weights *= 2.0
    return norse.SequentialState(hidden, _scaled(nn.Linear(64, classes), 2.0), last)


def _relu(inputs: int, classes: int) -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 12, 3, padding=1, bias=False),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(12, 16, 3, stride=2, padding=1, bias=False),
            relu2=nn.ReLU(),
            flatten=nn.Flatten(),
            fc=nn.Linear(256, classes, bias=False),
        )
    )


DIGITS = "digits float-trained"
STUDY: dict[str, Recipe] = {
    "SpikingJelly conv": Recipe(_jelly_conv, "digits image", 8, spikes=False, epochs=20),
    "snnTorch conv": Recipe(_snn_conv, "digits image", epochs=15),
    "snnTorch dense": Recipe(_snn_dense, "digits"),
    "Norse CUBA dense": Recipe(_norse_dense, "digits"),
    "dense, slow tau": Recipe(lambda a, b: _snn_dense(a, b, 0.99), "digits", epochs=25),
    "snnTorch RLeaky": Recipe(_snn_recurrent, "digits", feed_forward=False),
    "Norse LIFRecurrent": Recipe(_norse_recurrent, "digits", feed_forward=False),
    "sinabs CNN from ReLU": Recipe(_relu, "digits image", 24, spikes=False, epochs=25, rates=True),
    "SEW residual": Recipe(lambda a, b: Residual(b), "digits image", 8, spikes=False, epochs=15),
}
"""Those of the study; ``DIGITS`` belongs to them too."""
UNSEEN: dict[str, Recipe] = {
    "SpikingJelly conv, bars": Recipe(_jelly_conv, "bars", 16, epochs=25, seed=11),
    "snnTorch dense, wine": Recipe(_snn_dense, "wine", epochs=60, seed=12),
    "SpikingJelly dense, breast cancer": Recipe(_jelly_dense, "breast cancer", epochs=40, seed=13),
    "Norse LIFBox, iris": Recipe(_norse_box, "iris", epochs=80, seed=14),
    "Norse CUBA dense, generated": Recipe(_norse_dense, "generated", epochs=40, seed=15),
    "snnTorch RLeaky, generated": Recipe(_snn_recurrent, "generated", epochs=40, seed=16, feed_forward=False),
    "SEW residual, bars": Recipe(lambda a, b: Residual(b), "bars", 12, epochs=25, seed=17),
}
"""Other seeds and other data."""
RECIPES = STUDY | UNSEEN
NAMES = (*STUDY, DIGITS, *UNSEEN)
