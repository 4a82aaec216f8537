"""What each stage left in the draft, as a table: the title says it in a few words, the rows node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import ArrayLike

from neurodeploy.passes.draft import Draft
from neurodeploy.table import Table, dimensions


def stage_table(name: str, draft: Draft) -> Table:
    """What the stage of that name left in ``draft``; of a stage that has no table of its own, only its name."""
    view = VIEWS.get(name)
    return Table(name, (), []) if view is None else view(draft)


def table_json(table: Table) -> list[dict[str, object]]:
    """The rows of a table by column."""
    columns = [column.lstrip(">") for column in table.columns]
    return [dict(zip(columns, row, strict=True)) for row in table.rows]


def _arithmetic(draft: Draft) -> Table:
    rules = list(asdict(draft.numerics).items())
    return Table(f"arithmetic of {draft.numerics.name}", ("rule", "value"), rules)


def _widths(draft: Draft) -> Table:
    machine = draft.machine
    title = f"weights of at most {machine.weight_bits} bits, shifted by at most {machine.weight_exponent}"
    limits = (("weight bits", machine.weight_bits), ("weight exponent", machine.weight_exponent))
    return Table(title, ("limit", ">value"), limits)


def _resets(draft: Draft) -> Table:
    rows = [(name, ", ".join(sources)) for name, sources in draft.sources.items()]
    return Table(f"{_count(len(rows), 'node')} added for late resets", ("node", "added for"), rows)


def _paths(draft: Draft) -> Table:
    rows = [
        (path.source, path.target, " ".join(path.nodes), path.kind, path.delay, _span(path.weights))
        for path in draft.paths
    ]
    columns = ("source", "target", "layers", "kind", ">delay", "weights")
    return Table(_count(len(rows), "path"), columns, rows)


def _neurons(draft: Draft) -> Table:
    rows = [
        (
            neuron.name,
            neuron.kind,
            dimensions(neuron.shape),
            _span(neuron.keep_current),
            _span(neuron.keep_membrane),
            _span(neuron.threshold),
            _span(neuron.bias),
            neuron.reset,
        )
        for neuron in draft.neurons.values()
    ]
    columns = ("population", "kind", "shape", "current keeps", "membrane keeps", "threshold", "bias", "reset")
    return Table(_kinds((neuron.kind for neuron in draft.neurons.values()), "population"), columns, rows)


def _values(draft: Draft) -> Table:
    rows = [
        (name, _digits(values.low.min(initial=0)), _digits(values.high.max(initial=0)), _grid(values.grid))
        for name, values in draft.values.items()
    ]
    return Table(f"bounds of {_count(len(rows), 'sender')}", ("node", ">low", ">high", "multiples of"), rows)


def _bits(draft: Draft) -> Table:
    choice = draft.bit_choice
    if choice is None:
        return Table("no budget asked for", (), [])
    title = f"{choice.kept:.4f} of the spikes kept, {choice.budget:g} asked for"
    return Table(title, ("layer", ">bits"), list(choice.bits.items()))


def _units(draft: Draft) -> Table:
    rows = [(neuron.name, _span(neuron.unit)) for neuron in draft.neurons.values()]
    chosen = sum(bool(np.any(neuron.unit != 1)) for neuron in draft.neurons.values())
    return Table(f"{_count(chosen, 'population')} in a unit of their own", ("population", "unit"), rows)


def _ceilings(draft: Draft) -> Table:
    return _powers("largest scales", draft.ceilings)


def _scales(draft: Draft) -> Table:
    return _powers("scales", draft.scales)


def _messages(draft: Draft) -> Table:
    rows = [
        (name, output.kind, output.width, output.signed, f"2^{output.scale}") for name, output in draft.outputs.items()
    ]
    title = _kinds((output.kind for output in draft.outputs.values()), "sender")
    return Table(title, ("node", "message", ">bits", "signed", "scale"), rows)


def _room(draft: Draft) -> Table:
    rows = [(name, "every membrane" if name in draft.roomy else "the input of a step") for name in draft.neurons]
    title = f"{_count(len(draft.roomy), 'population')} with room for every membrane"
    return Table(title, ("population", "room for"), rows)


def _calibration(draft: Draft) -> Table:
    rows = [
        (
            report.population,
            f"{report.calibrated_rows} of {report.rows}" if report.reason is None else "rounded plainly",
            _percent(report.differing_plain, report.cells),
            _percent(report.differing, report.cells),
            "" if report.shares is None else f"{100 * report.shares[1]:.2f} %",
            report.reason or "",
        )
        for report in draft.calibrated
    ]
    columns = (
        "population",
        "rows calibrated",
        ">differs, rounded plainly",
        ">calibrated",
        ">in samples set aside",
        "why",
    )
    count = sum(report.reason is None for report in draft.calibrated)
    return Table(f"{_count(count, 'population')} calibrated", columns, rows)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else ""


def _rounding(draft: Draft) -> Table:
    rows = [
        (
            layer.path.source,
            layer.path.target,
            " ".join(layer.path.nodes),
            _span(layer.projection.weights),
            layer.weight_bits,
            layer.projection.shift,
            layer.largest_error,
            draft.worst_cases[layer.path.target],
        )
        for layer in draft.rounded
    ]
    exact = sum(layer.exact for layer in draft.rounded)
    columns = ("source", "target", "layers", "integers", ">bits", ">shift", ">largest error", ">worst-case input")
    return Table(f"{exact} of {_count(len(rows), 'path')} without rounding", columns, rows)


def _assembly(draft: Draft) -> Table:
    program = draft.program
    if program is None:
        return Table("no program", (), [])
    rows = [(name, ", ".join(nodes)) for name, nodes in program.provenance.items()]
    parts = f"{_count(len(program.populations), 'population')}, {_count(len(program.projections), 'projection')}"
    return Table(parts, ("part", "made of"), rows)


VIEWS: Mapping[str, Callable[[Draft], Table]] = {
    "arithmetic": _arithmetic,
    "widths": _widths,
    "resets": _resets,
    "paths": _paths,
    "neurons": _neurons,
    "values": _values,
    "bits": _bits,
    "units": _units,
    "ceilings": _ceilings,
    "messages": _messages,
    "room": _room,
    "calibration": _calibration,
    "scales": _scales,
    "rounding": _rounding,
    "assembly": _assembly,
}


def _powers(title: str, exponents: Mapping[str, int]) -> Table:
    rows = [(name, k, 2.0**k) for name, k in exponents.items()]
    ends = f" from 2^{min(exponents.values())} to 2^{max(exponents.values())}" if exponents else ""
    return Table(title + ends, ("population", ">k", ">2^k"), rows)


def _kinds(kinds: Iterable[str], noun: str) -> str:
    counts = Counter(kinds)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return f"{_count(counts.total(), noun)}: {listed}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _grid(exponent: int | None) -> str:
    return "no grid known" if exponent is None else f"2^{-exponent}"


def _digits(value: ArrayLike) -> float:
    """A number to six digits."""
    return float(f"{float(np.asarray(value)):.6g}")


def _span(values: ArrayLike) -> str:
    """The number that all values are, or the least and greatest."""
    array = np.asarray(values)
    if array.size == 0:
        return ""
    low, high = (f"{float(end):.6g}" for end in (array.min(), array.max()))
    return low if low == high else f"{low}..{high}"
