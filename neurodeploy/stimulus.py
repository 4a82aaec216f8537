"""What a network is shown, as one value, whatever it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.atomic import write_file
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_table
from neurodeploy.reading import parse_json, read_npz
from neurodeploy.table import Table, dimensions
from neurodeploy.trace import UNREADABLE

Array = NDArray[Any]
ABOUT = "stimulus.json"
"""The entry of a saved stimulus that says which of its arrays is what."""
FORMAT = 1


@dataclass(frozen=True)
class Origin:
    """Where a stimulus comes from. As text it is what reports say of it.

    - ``kind``: given by the ``caller``, read from a ``file`` or a ``recording`` of events, made by the ``model``'s own
      maker, for its task or for its checks (``model-check``), seeded ``noise`` or ``waves``, or found by a seeded
      ``search`` for what it exercises.
    - ``path``: the file or recording. ``seed`` and ``rate`` (share of active cells): how it was drawn.
    """

    kind: Literal["caller", "file", "recording", "model", "model-check", "noise", "waves", "search"] = "caller"
    path: str = ""
    seed: int | None = None
    rate: float = 0.0

    @property
    def where(self) -> str:
        """How errors name the stimulus: its path, where it has one."""
        return self.path or "stimulus"

    def __str__(self) -> str:
        words = {
            "model": "the model's own",
            "model-check": "the model's own for checks",
            "noise": f"seeded noise ({100 * self.rate:.0f} %)",
            "waves": "seeded waves",
            "search": f"guided search, seed {self.seed}",
        }
        return words.get(self.kind, "given")


@dataclass(frozen=True, eq=False)
class Signal:
    """A signal that an encoder turned into the spikes of one input.

    ``values``: real numbers ``(B, features, T)``. ``samples``: the integers that the encoder reads,
    ``(B, T, features)``.
    """

    values: Array
    samples: Array

    @property
    def features(self) -> int:
        """Number of signals."""
        return self.values.shape[1]


@dataclass(frozen=True, eq=False, repr=False)
class Stimulus(Mapping[str, Array]):
    """What every input of a network receives. It reads like a mapping from input name to array.

    - ``inputs``: finite real numbers ``(B, T, *shape)`` by name of the input: samples, steps, shape of the input. All
      have the same samples and steps.
    - ``labels``: the class of every sample, ``(B,)``, where it is known.
    - ``origin``: where it comes from.
    - ``signals``: for every input that an encoder feeds, the signal it was made from.
    - ``findings``: what was guessed or chosen to make it, such as the order of a recording's columns.

    Raises InputError for arrays that differ in samples or steps, are empty, or hold anything but finite real numbers.
    """

    inputs: Mapping[str, Array]
    labels: Array | None = None
    origin: Origin = Origin()
    signals: Mapping[str, Signal] = field(default_factory=dict[str, Signal])
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", {name: np.asarray(array) for name, array in self.inputs.items()})
        if not self.inputs:
            raise InputError("holds no input", self.origin.where, "give one array per input")
        for name, array in self.inputs.items():
            _check_numbers(name, array, self.origin.where)
        if len({array.shape[:2] for array in self.inputs.values()}) > 1:
            raise InputError(
                "its inputs differ in samples or steps", self.origin.where, "give every input the same number"
            )
        if self.labels is not None:
            object.__setattr__(self, "labels", np.atleast_1d(self.labels))
            if len(np.atleast_1d(self.labels)) != self.batch:
                problem = f"has {len(np.atleast_1d(self.labels))} labels for {self.batch} samples"
                raise InputError(problem, self.origin.where, "give one label per sample, or none")
            if self.labels.ndim > 1:
                problem = f"has labels of shape {self.labels.shape}, no one for each sample"
                raise InputError(problem, self.origin.where, f"give them in the shape ({self.batch},)")

    @staticmethod
    def of(array: ArrayLike, name: str = "input") -> Stimulus:
        """One sample of one input: ``array`` is ``(T, *shape)``. Raises InputError like the class itself."""
        return Stimulus({name: np.asarray(array)[None]})

    @property
    def batch(self) -> int:
        """Number of samples."""
        return next(iter(self.inputs.values())).shape[0]

    @property
    def steps(self) -> int:
        """Number of time steps."""
        return next(iter(self.inputs.values())).shape[1]

    def first(self, steps: int | None = None, samples: int | None = None) -> Stimulus:
        """Its first ``steps`` of its first ``samples``; None keeps all of them.

        Raises InputError where it has fewer, and for steps of a stimulus that an encoder made of a signal.
        """
        for option, asked, has in (("--steps", steps, self.steps), ("--samples", samples, self.batch)):
            if asked is not None and asked > has:
                raise InputError(f"the stimulus has {has}, not {asked}", option, f"ask for at most {has}")
        if steps not in (None, self.steps) and self.signals:
            raise InputError("an encoder makes all steps of its signal", "--steps", "give a shorter signal")
        if (steps or self.steps, samples or self.batch) == (self.steps, self.batch):
            return self
        inputs = {name: array[:samples, :steps] for name, array in self.inputs.items()}
        labels = None if self.labels is None else self.labels[:samples]
        signals = {name: Signal(s.values[:samples], s.samples[:samples]) for name, s in self.signals.items()}
        return replace(self, inputs=inputs, labels=labels, signals=signals)

    def __getitem__(self, name: str) -> Array:
        return self.inputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def part(self, samples: slice, steps: slice = slice(None)) -> Stimulus:
        """The same for some samples and, of the inputs, some steps; nothing is copied."""
        signals = {
            name: Signal(signal.values[samples], signal.samples[samples]) for name, signal in self.signals.items()
        }
        inputs = {name: array[samples, steps] for name, array in self.inputs.items()}
        labels = None if self.labels is None else self.labels[samples]
        return replace(self, inputs=inputs, labels=labels, signals=signals)

    def save(self, path: str | Path) -> None:
        """Write an ``.npz`` with one array per input under its name, which ``load`` and every verb read.

        Raises EnvironmentFailureError where the system refuses.
        """
        arrays = dict(self.inputs)

        def add(key: str, array: Array) -> str:
            while key in arrays or key == ABOUT:
                key += "_"
            arrays[key] = array
            return key

        about: dict[str, Any] = {"format": FORMAT, "inputs": list(self.inputs)}
        about["labels"] = None if self.labels is None else add("labels", self.labels)
        about["signals"] = {
            node: [add(f"{node}.signal", signal.values), add(f"{node}.samples", signal.samples)]
            for node, signal in self.signals.items()
        }
        arrays[ABOUT] = np.array(json.dumps(about, sort_keys=True))
        write_file(Path(path), lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]

    @staticmethod
    def load(path: str | Path) -> Stimulus:
        """Read what ``save`` wrote. Raises InputError for any other file."""
        arrays = read_arrays(Path(path))
        if ABOUT not in arrays:
            remedy = "open it together with its network: neurodeploy.stimuli.open_stimulus(path, network)"
            raise InputError("holds arrays, but not what they are", str(path), remedy)
        return stimulus_of(arrays, Path(path))

    def __repr__(self) -> str:
        rows = [f"  {name}: {dimensions(array.shape[2:])} {array.dtype}" for name, array in self.inputs.items()]
        rows += [] if self.labels is None else [f"  labels: {self.labels.shape[0]}"]
        source = f" ({self.origin.path})" if self.origin.path else ""
        return "\n".join([f"Stimulus of {self.batch} samples, {self.steps} steps: {self.origin}{source}", *rows])

    def _repr_html_(self) -> str:
        return fragment(html_table(*stimulus_table(self)))


def stimulus_table(stimulus: Stimulus) -> Table:
    """What a stimulus shows of itself: shape, type, range and share of active cells of every input."""
    return Table(
        f"stimulus of {stimulus.batch} samples, {stimulus.steps} steps ({stimulus.origin})",
        ("input", "shape", "type", ">least", ">largest", ">active cells"),
        [
            (
                name,
                dimensions(array.shape[2:]),
                str(array.dtype),
                f"{float(array.min()):g}",
                f"{float(array.max()):g}",
                f"{100 * float((array != 0).mean()):.2f} %",
            )
            for name, array in stimulus.inputs.items()
        ],
    )


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of an ``.npz``. Raises InputError for a file that is missing or is none."""
    return read_npz(path, "not a readable stimulus (.npz)", "write one array per input with numpy.savez")


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The entry ``ABOUT``: which arrays are inputs, labels, and of each encoder the signal and its samples."""

    format: int
    inputs: list[str]
    labels: str | None
    signals: dict[str, tuple[str, str]]


def stimulus_of(arrays: Mapping[str, Array], path: Path) -> Stimulus:
    """The stimulus that ``save`` wrote as these arrays. Raises InputError where they are damaged."""
    try:
        about = parse_json(str(arrays[ABOUT]), About, str(path), "not a saved stimulus", "save it again")
        if about.format != FORMAT:
            raise ValueError(f"its format is {about.format}, not {FORMAT}")
        labels = None if about.labels is None else arrays[about.labels]
        signals = {node: Signal(arrays[values], arrays[samples]) for node, (values, samples) in about.signals.items()}
        inputs = {name: arrays[name] for name in about.inputs}
    except UNREADABLE as error:
        raise InputError(f"not a saved stimulus: {error}", str(path), "save it again") from error
    return Stimulus(inputs, labels, Origin("file", str(path)), signals)


def _check_numbers(name: str, array: Array, where: str) -> None:
    if array.ndim < 2 or 0 in array.shape or array.dtype.kind not in "biuf":
        problem = f"array {name!r} is empty or holds no real numbers ({array.dtype} of shape {array.shape})"
        raise InputError(problem, where, "give (B, T, ...): samples, steps and at least one real number")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"array {name!r} holds NaN or infinity", where, "repair the stimulus")
