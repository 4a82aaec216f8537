"""Tables of a run: Markdown for the repository, rich for a terminal; the same cells in both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.costs import Costs
from benchmarks.floors import Floor, floors
from benchmarks.interleave import Measured, ratio
from benchmarks.peers import PEERS
from benchmarks.results import OURS, CaseResult, Results, Scaling
from benchmarks.roofline import Limits
from neurodeploy.atomic import write_file
from neurodeploy.table import Table

NOT_MEASURED = "not measured"
RASTERS = {peer.name: "speed only: own equations" for peer in PEERS if not peer.exact}


def write(results: Results, folder: Path) -> tuple[Path, Path]:
    """``results.json`` and ``RESULTS.md`` in ``folder``."""
    paths = folder / "results.json", folder / "RESULTS.md"
    text = json.dumps(results.as_dict() | {"floors": [_floor(each) for each in floors(results)]}, indent=1)
    for path, content in zip(paths, (text + "\n", markdown(results)), strict=True):
        write_file(path, lambda file, content=content: file.write(content.encode()))
    return paths


def _floor(each: Floor) -> dict[str, object]:
    return {**vars(each), "verdict": each.verdict}


def tables(results: Results) -> list[Table]:
    """Every table, in order."""
    return [
        floor_table(floors(results)),
        *(case_table(each) for each in results.cases),
        overview(results),
        *([cost_table(results.costs)] if results.costs else []),
        *([scaling_table(results.scaling)] if results.scaling else []),
        limit_table(results.limits),
    ]


def floor_table(given: Sequence[Floor]) -> Table:
    """What is asked and what was found."""
    rows = [
        (
            each.what,
            each.workload,
            f"{each.sense} {_plain(each.limit)} {each.unit}".rstrip(),
            _value(each),
            each.verdict,
            each.beside,
        )
        for each in given
    ]
    return Table("Floors", ("what", "workload", ">asked", ">measured", "verdict", "beside"), rows)


def case_table(case: CaseResult) -> Table:
    """Everybody on one workload."""
    rows = [_row(case, each) for each in case.measured.values()]
    share = case.of_roof
    title = case.name if share is None else f"{case.name}: {100 * share:.0f} % of the roofline"
    return Table(title, ("contestant", ">µs per step", ">times slower", "raster", "note"), rows)


def _row(case: CaseResult, each: Measured) -> tuple[str, ...]:
    if each.missing:
        return each.name, NOT_MEASURED, "", "", each.missing
    factor = case.faster(each.name)
    raster = str(case.checked[each.name]) if each.name in case.checked else RASTERS.get(each.name, "")
    note = each.note
    if each.name == "Lava" and case.lava_startup is not None:
        note = f"{note} ({case.lava_startup:.1f} s per run)"
    if (one := case.measured.get(each.name.replace("2 threads", "1 thread"))) and (ratio(each, one) or 0) > 1:
        note = f"{note}; slower than on one thread: were both cores free?"
    return each.name, _micro(each.median), "" if factor is None else f"{factor:.3g}", raster, note


def overview(results: Results) -> Table:
    """What a step of each workload is made of, and its share of the roofline."""
    rows: list[tuple[str, ...]] = []
    for case in results.cases:
        made = case.operations
        if made is None:
            rows.append((case.name, NOT_MEASURED, "", "", "", "", "", case.measured[OURS].missing))
            continue
        share, fired = case.of_roof, [v for k, v in case.activity.items() if "pool" not in k]
        rows.append(
            (
                case.name,
                f"{100 * min(fired):.2g}–{100 * max(fired):.2g} %",
                f"{made.neurons:,}",
                f"{made.synaptic / 1e6:.3g} M",
                f"{made.dense / 1e6:.3g} M",
                _micro(case.ours),
                _micro(case.roof),
                "" if share is None else f"{100 * share:.0f} %",
            )
        )
    columns = ("workload", ">active", ">neurons", ">synops", ">dense", ">µs", ">roof µs", ">of roof")
    return Table("Rooflines", columns, rows)


def cost_table(given: Sequence[Costs]) -> Table:
    """Beside the steps."""
    rows = [
        (
            each.workload,
            f"{each.compile_s:.2f}",
            f"{1e3 * each.text_s:.1f}",
            f"{1e3 * each.cached_s:.1f}",
            f"{each.context_bytes / 1e6:.3f}",
            _micro(each.silent_s),
            f"{100 * each.silent:.0f} %",
        )
        for each in given
    ]
    columns = (
        "workload",
        ">compile s",
        ">rendering ms",
        ">cached start ms",
        ">MB per sample",
        ">silent µs",
        ">of a step",
    )
    return Table("Costs", columns, rows)


def scaling_table(given: Sequence[Scaling]) -> Table:
    """One row per point."""
    rows = [
        (
            each.network,
            each.axis,
            name,
            NOT_MEASURED if point.missing else _micro(point.median),
            point.missing or point.note,
        )
        for each in given
        for name, point in each.points.items()
    ]
    return Table("Scaling", ("network", "axis", ">value", ">µs per step (and sample)", "note"), rows)


def limit_table(limits: Limits) -> Table:
    """What this machine can do at most, on one core."""
    rows = [
        (
            "16-bit additions of streamed weights",
            f"{limits.additions / 1e9:.3g} G/s",
            f"{limits.vector_bytes} B vectors",
        ),
        ("8-bit products", f"{limits.products / 1e9:.3g} G/s", limits.instruction),
        ("neuron updates", f"{limits.updates / 1e9:.3g} G/s", limits.update_form),
        *((f"read from {level}", f"{rate / 1e9:.3g} GB/s", "") for level, rate in limits.reads.items()),
    ]
    return Table("Limits of one core", ("limit", ">rate", "by"), rows)


def markdown(results: Results) -> str:
    """The whole report."""
    about = "\n".join(f"- {key}: {value}" for key, value in results.about.items())
    parts = [
        "# Benchmarks",
        "Written by `python -m benchmarks`. Times are medians over rounds in which everybody was measured in turn; a "
        "ratio is the median of the ratios of the same rounds. Ours: one thread, the compiled loop, every population's "
        "output recorded.",
        about,
        *(_markdown(each) for each in tables(results)),
    ]
    return "\n\n".join(parts) + "\n"


def _markdown(table: Table) -> str:
    heads = [head.removeprefix(">") for head in table.columns]
    lines = ["---:" if head.startswith(">") else "---" for head in table.columns]
    rows = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in table.rows]
    return f"## {table.title}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, lines, *rows))


def show(table: Table, console: Console) -> None:
    """Print a table on a terminal."""
    rich = RichTable(title=table.title, title_justify="left")
    for head in table.columns:
        rich.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left")
    for row in table.rows:
        rich.add_row(*(_styled(str(cell)) for cell in row))
    console.print(rich)


def _styled(cell: str) -> str:
    style = {"met": "green", "NOT MET": "red", NOT_MEASURED: "yellow"}.get(cell)
    return f"[{style}]{cell}[/]" if style else cell.replace("[", "\\[")


def _micro(seconds: float | None) -> str:
    if seconds is None:
        return ""
    micro = 1e6 * seconds
    return f"{micro:,.0f}" if micro >= 100 else f"{micro:.3g}"


def _value(each: Floor) -> str:
    return "" if each.value is None else f"{each.value:.3g} {each.unit}".rstrip()


def _plain(value: float) -> str:
    return f"{value:g}"
