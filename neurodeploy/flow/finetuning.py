"""Training of a network's integers on labelled samples, and the file that exports to what was trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.extras import need
from neurodeploy.flow.arguments import LoadOptions, spell_out, texts
from neurodeploy.flow.exporting import numerics_of, own_options
from neurodeploy.flow.finetuned import Finetuned
from neurodeploy.flow.labelled import labelled, output_node, some_samples
from neurodeploy.flow.loading import load, network_from
from neurodeploy.flow.outputs import check_apart
from neurodeploy.network.file import write_network
from neurodeploy.network.network import Network
from neurodeploy.rasters import jaccard, relative_rms
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimuli import Source, open_stimulus
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Target, check_options, find_target
from neurodeploy.trace import Trace

if TYPE_CHECKING:
    from neurodeploy.torch.start import QuantizedNetwork
    from neurodeploy.torch.training import Epoch, Examples, Plan

Array = NDArray[Any]


class TrainingOptions(TypedDict, total=False):
    """How ``finetune`` trains."""

    epochs: int
    learning_rate: float
    minibatch: int
    patience: int
    held_out: float
    distill: float
    seed: int


class FinetuneOptions(LoadOptions, TrainingOptions, total=False):
    """How ``finetune`` loads its source, and how it trains."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is trained; see ``finetune``. Raises InputError for a number out of its range."""

    epochs: int = 20
    learning_rate: float = 0.02
    minibatch: int = 64
    patience: int = 10
    held_out: float = 0.2
    distill: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        rules = (
            ("--epochs", self.epochs, self.epochs >= 1, "1 or more"),
            ("--learning-rate", self.learning_rate, 0 < self.learning_rate < inf, "a number above 0, e.g. 0.02"),
            ("--minibatch", self.minibatch, self.minibatch >= 1, "1 or more"),
            ("--patience", self.patience, self.patience >= 1, "1 or more"),
            ("--held-out", self.held_out, 0 < self.held_out < 1, "a share between 0 and 1, e.g. 0.2"),
            ("--distill", self.distill, 0 <= self.distill < inf, "0 or more"),
        )
        for option, value, held, remedy in rules:
            if not held:
                raise InputError(f"{value} is out of range", option, f"give {remedy}")


@spell_out(Training, load)
def finetune(
    source: Network | str | Path,
    stimulus: Source,
    out: str | Path | None = None,
    target: str | Target | None = None,
    options: Mapping[str, object] | None = None,
    calibrate: Source = None,
    progress: Callable[[Epoch, int], None] | None = None,
    **how: Unpack[FinetuneOptions],
) -> Finetuned:
    """Train the integers of a network on labelled samples, and write the network that exports to exactly these.

    The file is a ``.nir`` whose weights, thresholds, biases and decays lie on the machine's grid, and whose contract
    says how its states are truncated. So the float network that it holds does what the integers do in every node, and
    ``export`` without ``-O weight-bits`` makes these integers of it. What is kept is the best epoch on samples held
    out, the start among them.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``.
        stimulus: samples ``(B, T, *shape)`` per input, with ``labels`` of shape ``(B,)`` beside them: the index of the
            output neuron that is to send most. Without labels only ``distill`` counts.
        out: the file to write, ``<source-stem>.trained.nir`` by default.
        target: whose numerics are used, by name or as it is; without one, the default.
        options: of quantization, e.g. ``{"weight-bits": 2}``.
        calibrate: what the integers to start from are calibrated on; the samples to train with by default.
        epochs: most of them. learning_rate: of Adam, in levels of the grid. minibatch: samples per step.
        patience: epochs without a better one after which training ends.
        held_out: share of the samples that are not trained with and judge every epoch.
        distill: weight of the distance from the original network's spikes and membranes, beside the errors of classes.
        seed: of the split and the order of samples.
        progress: called after every epoch with it and the most there may be.

    Raises:
        InputError: for samples or labels that do not fit, and for options.
        RefusedError, CannotRepresentError: for what has no form in integers, or no form as a network afterwards.
        UnavailableError: where torch is missing. Nothing is written then.

    Example:
        >>> result = nd.finetune("model.pt", "train.npz", "trained.nir", "loihi-sim", {"weight-bits": 2})
        >>> bundle = nd.export(result.path, "loihi-sim")
    """
    training, loading = _divided(how)
    place = _place(source, out)
    check_apart((place,), {"source": source, "stimulus": stimulus, "calibrate": calibrate, **loading})
    need("torch", "torch", "finetune")
    network = network_from(source, **loading)
    shown = labelled(open_stimulus(stimulus, network), network, training.distill)
    plan = _plan(training, output_node(network))
    work = _Work(network, shown, plan, training.held_out)
    module = work.start(target, texts(options), calibrate)
    module.network()  # refused before hours of training rather than after
    before = module.trace(work.held_out_stimulus)
    history = work.train(module, progress)
    result = work.result(place, module, before, history)
    write_network(result.network, place)
    return result


def _plan(training: Training, node: str) -> Plan:
    from neurodeploy.torch.training import Plan

    t = training
    return Plan(t.epochs, t.learning_rate, t.minibatch, t.patience, t.distill, node, t.seed)


def _divided(how: FinetuneOptions) -> tuple[Training, LoadOptions]:
    training = {name: value for name, value in how.items() if name in TrainingOptions.__annotations__}
    loading = {name: value for name, value in how.items() if name not in training}
    return Training(**cast(TrainingOptions, training)), cast(LoadOptions, loading)


@dataclass(frozen=True, eq=False)
class _Work:
    """A network, its samples, and how it is trained."""

    network: Network
    stimulus: Stimulus
    plan: Plan
    share: float

    @property
    def _samples(self) -> tuple[Array, Array]:
        from neurodeploy.torch.training import split

        training, held_out = split(self.stimulus.batch, self.share, self.plan.seed)
        return training.numpy(), held_out.numpy()

    @property
    def held_out_stimulus(self) -> Stimulus:
        return some_samples(self.stimulus, self._samples[1])

    def start(self, target: str | Target | None, options: dict[str, str], calibrate: Source) -> QuantizedNetwork:
        """The module, from calibrated integers."""
        from neurodeploy.torch.start import quantized

        chosen = find_target(target) if isinstance(target, str) else target
        if chosen is not None:
            check_options(chosen, own_options(options))
        seen = some_samples(self.stimulus, self._samples[0]) if calibrate is None else calibrate
        return quantized(self.network, numerics_of(chosen, options), calibrate=seen, options=options)

    def train(self, module: QuantizedNetwork, progress: Callable[[Epoch, int], None] | None) -> tuple[Epoch, ...]:
        from neurodeploy.torch.training import train

        training, held_out = (self._examples(samples) for samples in self._samples)
        return train(module, training, held_out, self.plan, progress)

    def result(self, place: Path, module: QuantizedNetwork, before: Trace, history: tuple[Epoch, ...]) -> Finetuned:
        """What was trained, compared with the original and with itself on the samples held out."""
        from neurodeploy.torch.training import best_epoch

        shown, kept = self.held_out_stimulus, best_epoch(history)
        trained, program = module.network(), module.program
        original, network = run_network(self.network, shown), run_network(trained, shown)
        after = run_program(program, shown)
        spiking = [name for name in self.network.populations if not original[name].graded]
        accuracy: dict[str, float] = {}
        if shown.labels is not None:
            right = original[self.plan.node].values.sum(1).reshape(shown.batch, -1).argmax(1) == shown.labels
            scores = {"start": history[0].held_out, "trained": kept.held_out}
            accuracy = {"float": float(right.mean())} | {name: float(s.accuracy or 0) for name, s in scores.items()}
        return Finetuned(
            place,
            trained,
            accuracy,
            {"start": history[0].held_out.loss, "trained": kept.held_out.loss},
            kept.number,
            tuple(_epoch_json(epoch) for epoch in history),
            {name: jaccard(original[name].values, before[name].values) for name in spiking},
            {name: jaccard(original[name].values, after[name].values) for name in spiking},
            _equal(network, after),
        )

    def _examples(self, samples: Array) -> Examples:
        torch = need("torch", "torch", "finetune")
        from neurodeploy.torch.losses import originals
        from neurodeploy.torch.training import Examples

        some = some_samples(self.stimulus, samples)
        labels = None if some.labels is None else torch.as_tensor(some.labels.astype(np.int64))
        inputs = {name: torch.as_tensor(values) for name, values in some.inputs.items()}
        if not self.plan.distill:
            return Examples(inputs, labels)
        return Examples(inputs, labels, originals(self.network, run_network(self.network, some, states=True)))


def _equal(network: Trace, program: Trace) -> bool:
    """Whether the float network and the program did the same in every node."""
    return all(
        relative_rms(entry.values, program[name].values) == 0.0
        for name, entry in network.entries.items()
        if name in program.entries
    )


def _epoch_json(epoch: Epoch) -> dict[str, Any]:
    score = epoch.held_out
    return {"epoch": epoch.number, "loss": epoch.loss, "held_out_loss": score.loss, "accuracy": score.accuracy}


def _place(source: object, out: str | Path | None) -> Path:
    """The file to write. Raises InputError for one that is no ``.nir``."""
    if out is None and not isinstance(source, str | Path):
        raise InputError("has no file name to derive one from", "out", "name the file to write")
    place = Path(out) if out is not None else Path(f"{Path(str(source)).stem}.trained.nir")
    if place.suffix != ".nir":
        raise InputError("is no .nir file", str(place), "end its name in .nir: plain NIR with its contract")
    return place
