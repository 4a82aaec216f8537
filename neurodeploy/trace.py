"""What every population did at every step: the one result type of all runners."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurodeploy.atomic import write_file
from neurodeploy.errors import InputError, choices
from neurodeploy.evidence import Evidence
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.integers import narrowed
from neurodeploy.reading import parse_json, read_npz
from neurodeploy.reading.findings import findings_of
from neurodeploy.reading.json import as_kind
from neurodeploy.table import Table, dimensions, listing
from neurodeploy.task import TaskValue

Array = NDArray[Any]
UNREADABLE = (
    *(OSError, EOFError, OverflowError, IndexError, ValueError, KeyError, TypeError, AttributeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What numpy and zipfile raise for a damaged ``.npz``."""


SUMMED = "summed"
"""The key of ``meta`` that says of how many steps a trace with one step holds the sum."""
RECORDS = ("output", "v", "u", "v_before")


@dataclass(frozen=True, eq=False)
class Entry:
    """One node's record, each array of shape ``(B, T, *shape)``.

    - ``output``: what it sent; an integer stands for ``output / 2**scale``.
    - ``graded``: values rather than spikes.
    - ``v``, ``u``: membrane after reset, and current, at the end of the step, when states were recorded; an integer
      stands for ``v / (2**state_scale * state_unit)``; the unit is one number, or one per neuron. ``v_before``: the
      membrane before threshold, from runners that see it. Integers are of any width that holds them.
    - ``inserted``: made by neurodeploy; it has no counterpart in the source.
    """

    output: Array
    graded: bool = False
    scale: int = 0
    v: Array | None = None
    u: Array | None = None
    v_before: Array | None = None
    state_scale: int = 0
    inserted: bool = False
    state_unit: float | Array = 1.0

    @property
    def values(self) -> NDArray[np.float64]:
        """The output after scaling."""
        return self.output.astype(np.float64) / 2.0**self.scale

    def outputs(self) -> Entry:
        """The same without states."""
        return replace(self, v=None, u=None, v_before=None)

    def in_rows(self) -> Entry:
        """The same with outputs in row-major order, so that they compare fast with those of other runs."""
        return self if self.output.flags.c_contiguous else replace(self, output=np.ascontiguousarray(self.output))

    def part(self, samples: slice, steps: slice) -> Entry:
        """The same of some samples and steps; nothing is copied."""
        arrays = {key: getattr(self, key) for key in RECORDS}
        cut = {key: array[samples, steps] for key, array in arrays.items() if array is not None}
        return replace(self, **cut)


@dataclass(frozen=True)
class Operations:
    """What a run cost in operations of a neuromorphic machine: totals over all samples and steps.

    - ``synaptic`` by projection: one operation for every message that is not 0 and every weight that is not 0 which
      it meets. A message counts in the step in which it arrives, ``delay`` steps after it was sent; what would arrive
      after the last step does not count. Where a window reaches over the border of the map, only weights inside count.
    - ``updates`` by population: its neurons times the steps, whether or not anything reached them.
    - ``events`` by node, inputs included: messages sent that are not 0; a count or a graded value is one event.
    """

    synaptic: Mapping[str, int]
    updates: Mapping[str, int]
    events: Mapping[str, int]

    @property
    def total(self) -> dict[str, int]:
        """The sum of each kind over the whole program."""
        return {kind: sum(counts.values()) for kind, counts in asdict(self).items()}

    def to_json(self) -> dict[str, Any]:
        """As plain data, with totals."""
        return {**asdict(self), "total": self.total}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Operations:
        """What ``to_json`` gave. Raises KeyError or TypeError for anything else."""
        return Operations(dict(data["synaptic"]), dict(data["updates"]), dict(data["events"]))


@dataclass(frozen=True, eq=False)
class Trace:
    """What every node sent in a run, latency already removed.

    - ``entries``: the record of each node, by its name.
    - ``meta``: descriptions for people and scripts (rung, numerics, digest of the bundle, ...); it decides nothing.
    - ``evidence``: what ran; None where the runner does not say, so that the target's own evidence counts.
    - ``encoded``: inputs that the target made from signals itself; they are compared like populations.
    - ``notes``: sentences for the report.
    - ``operations``: synaptic operations, neuron updates and events, where they were counted.
    - ``findings``: what was noticed about the stimulus.
    - ``task``: what a head made of the run, where one read it; files do not hold it.
    """

    entries: Mapping[str, Entry]
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    evidence: Evidence | None = None
    encoded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    operations: Operations | None = None
    findings: tuple[Finding, ...] = ()
    task: TaskValue | None = None

    def __getitem__(self, node: str) -> Entry:
        if node not in self.entries:
            raise InputError(f"the trace has no entry {node!r}", "trace", choices(node, self.entries, "it has"))
        return self.entries[node]

    @property
    def steps(self) -> int:
        """Number of time steps."""
        return next(iter(self.entries.values())).output.shape[1]

    @property
    def batch(self) -> int:
        """Number of samples."""
        return next(iter(self.entries.values())).output.shape[0]

    def part(self, samples: slice, steps: slice) -> Trace:
        """The same of some samples and steps; nothing is copied."""
        return replace(self, entries={name: entry.part(samples, steps) for name, entry in self.entries.items()})

    def save(self, path: Path, batched: bool = True) -> None:
        """Write an ``.npz`` as ``<node>.spikes`` / ``<node>.values`` (and ``.v``, ``.u``) with a JSON ``meta``."""
        write_file(path, self.writer(batched))

    def writer(self, batched: bool = True) -> Callable[[IO[bytes]], None]:
        """What writes that ``.npz`` into an open file."""
        arrays: dict[str, Array] = {}
        about: dict[str, Any] = {}
        for name, entry in self.entries.items():
            arrays[f"{name}.{'values' if entry.graded else 'spikes'}"] = narrowed(entry.output)
            arrays |= {f"{name}.{key}": narrowed(a) for key, a in _states(entry) if a is not None}
            about[name] = {"scale": entry.scale, "state_scale": entry.state_scale, "inserted": entry.inserted}
            if np.any(np.asarray(entry.state_unit) != 1):
                about[name]["state_unit"] = np.asarray(entry.state_unit).tolist()
        if not batched:
            arrays = {key: array[0] for key, array in arrays.items()}
        meta = {**self.about(), "batched": batched, "nodes": about}
        arrays["meta"] = np.array(json.dumps(meta, sort_keys=True))
        return lambda handle: np.savez_compressed(handle, **arrays)  # type: ignore[arg-type]

    def about(self) -> dict[str, Any]:
        """Everything but the entries as plain data: ``meta``, and the other fields that say something."""
        fields: dict[str, Any] = {
            "evidence": None if self.evidence is None else self.evidence.to_json(),
            "encoded": list(self.encoded),
            "notes": list(self.notes),
            "operations": None if self.operations is None else self.operations.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
        }
        return {**self.meta, **{name: value for name, value in fields.items() if value}}

    @staticmethod
    def load(path: Path) -> Trace:
        """Read what ``save`` wrote. Raises InputError for any other file."""
        what, remedy = "not a trace", "give a file that `neurodeploy run -o` wrote"
        arrays = read_npz(path, what, remedy)
        try:
            meta = parse_json(str(arrays.pop("meta")), dict[str, Any], str(path), what, remedy)
            about = as_kind(meta.pop("nodes"), dict[str, NodeFile], str(path), what, remedy)
            if not as_kind(meta.pop("batched"), bool, str(path), what, remedy):
                arrays = {key: array[None] for key, array in arrays.items()}
            findings = findings_of(meta.pop("findings", ()), str(path), what, remedy)
            return _trace({name: _entry(name, arrays, about[name]) for name in about}, meta, findings)
        except UNREADABLE as error:
            raise InputError(f"{what}: {error}", str(path), remedy) from error

    def __repr__(self) -> str:
        rows = [
            (
                name,
                dimensions(entry.output.shape[2:]),
                "values" if entry.graded else f"{int(entry.output.sum())} spikes",
            )
            for name, entry in self.entries.items()
        ]
        return listing(f"Trace of {self.batch} samples, {self.steps} steps", rows)

    def _repr_html_(self) -> str:
        about = "; ".join(f"{key}: {value}" for key, value in self.meta.items() if key != "bundle")
        return fragment(html_table(*trace_table(self)), html_note(about))


def joined(traces: Sequence[Trace], axis: int) -> Trace:
    """Traces of one run after each other: of further samples (axis 0) or further steps (axis 1)."""
    first = traces[0]
    if len(traces) == 1:
        return first
    return replace(first, entries={name: _joined([t[name] for t in traces], axis) for name in first.entries})


def _joined(entries: Sequence[Entry], axis: int) -> Entry:
    arrays = {key: [getattr(entry, key) for entry in entries] for key in RECORDS}
    kept = {
        key: None if any(a is None for a in parts) else np.concatenate(parts, axis) for key, parts in arrays.items()
    }
    return replace(entries[0], **kept)


def trace_table(trace: Trace) -> Table:
    """What a trace shows of itself: shape, count of spikes and share of cells that sent something, per node."""
    summed = trace.meta.get(SUMMED)
    steps = f"{trace.steps} steps" if summed is None else f"the sum of {summed} steps"
    return Table(
        f"trace of {trace.batch} samples, {steps}",
        ("node", "shape", ">spikes", ">active cells" if summed is None else ">active neurons"),
        [
            (
                f"{name} (inserted)" if entry.inserted else name,
                dimensions(entry.output.shape[2:]),
                "values" if entry.graded else int(entry.output.sum()),
                f"{100 * float((entry.output != 0).mean()) if entry.output.size else 0.0:.2f} %",
            )
            for name, entry in trace.entries.items()
        ],
    )


def operations_table(operations: Operations) -> Table:
    """Operations by projection (synaptic) and by node (updates, events), with their sums."""
    counts = operations.synaptic, operations.updates, operations.events
    names = dict.fromkeys([*operations.events, *operations.updates, *operations.synaptic])
    rows = [(name, *(kind.get(name, "") for kind in counts)) for name in names]
    total = ("total", *(operations.total[kind] for kind in ("synaptic", "updates", "events")))
    columns = ("node or projection", ">synaptic operations", ">neuron updates", ">events")
    return Table("operations", columns, [*rows, total])


def _states(entry: Entry) -> tuple[tuple[str, Array | None], ...]:
    return ("v", entry.v), ("u", entry.u), ("v_before", entry.v_before)


class NodeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file's ``meta`` says of one node."""

    scale: int
    state_scale: int
    inserted: bool
    state_unit: Any = 1.0


def _trace(entries: Mapping[str, Entry], about: dict[str, Any], findings: tuple[Finding, ...]) -> Trace:
    """The trace of some entries and of what ``Trace.about`` gave. Raises ValueError for entries of different sizes."""
    evidence, operations = about.pop("evidence", None), about.pop("operations", None)
    encoded, notes = (tuple(map(str, about.pop(name, ()))) for name in ("encoded", "notes"))
    if len({entry.output.shape[:2] for entry in entries.values()}) != 1:
        raise ValueError("its nodes differ in samples or steps, or there is none")
    return Trace(
        entries,
        about,
        None if evidence is None else Evidence.from_json(evidence),
        encoded,
        notes,
        None if operations is None else Operations.from_json(operations),
        findings,
    )


def _entry(name: str, arrays: Mapping[str, Array], about: NodeFile) -> Entry:
    graded = f"{name}.values" in arrays
    output = arrays[f"{name}.values" if graded else f"{name}.spikes"]
    states = {key: arrays[f"{name}.{key}"] for key in ("v", "u", "v_before") if f"{name}.{key}" in arrays}
    unit = _unit(about.state_unit)
    if output.ndim < 2 or any(array.shape != output.shape for array in states.values()):
        raise ValueError(f"the arrays of node {name!r} do not fit each other")
    if any(array.dtype.kind not in "biuf" for array in (output, *states.values())):
        raise ValueError(f"the arrays of node {name!r} hold no real numbers")
    return Entry(
        output,
        graded,
        about.scale,
        states.get("v"),
        states.get("u"),
        states.get("v_before"),
        about.state_scale,
        about.inserted,
        unit,
    )


def _unit(stored: Any) -> float | Array:
    """A unit, or an array of them, as JSON has it."""
    unit = np.asarray(stored, np.float64)
    return unit if unit.ndim else float(unit)
