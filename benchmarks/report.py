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
    text = json.dumps(results.as_dict() | {"floors": [_floor(floor) for floor in floors(results)]}, indent=1)
    for path, content in zip(paths, (text + "\n", markdown(results)), strict=True):
        write_file(path, lambda file, content=content: file.write(content.encode()))
    return paths


def _floor(floor: Floor) -> dict[str, object]:
    """A floor for JSON."""
    values = vars(floor)
    return {"what": values["name"], **{key: values[key] for key in values if key != "name"}, "verdict": floor.verdict}


def tables(results: Results) -> list[Table]:
    """All tables of a report, in order."""
    return [
        floor_table(floors(results)),
        *(case_table(case) for case in results.cases),
        overview(results),
        *([cost_table(results.costs)] if results.costs else []),
        *([scaling_table(results.scaling)] if results.scaling else []),
        limit_table(results.limits),
    ]


def floor_table(measured: Sequence[Floor]) -> Table:
    """What is asked, what was measured, and whether that is enough."""
    rows = [
        (
            floor.name,
            floor.workload,
            f"{floor.sense} {_plain(floor.limit)} {floor.unit}".rstrip(),
            _value(floor),
            floor.verdict,
            floor.beside,
        )
        for floor in measured
    ]
    return Table("Floors", ("what", "workload", ">asked", ">measured", "verdict", "beside"), rows)


def case_table(case: CaseResult) -> Table:
    """Everybody on one workload."""
    rows = [_row(case, contestant) for contestant in case.measured.values()]
    share = case.of_roof
    title = case.name if share is None else f"{case.name}: {100 * share:.0f} % of the roofline"
    return Table(title, ("contestant", ">µs per step", ">times slower", "raster", "note"), rows)


def _row(case: CaseResult, measured: Measured) -> tuple[str, ...]:
    if measured.missing:
        return measured.name, NOT_MEASURED, "", "", measured.missing
    factor = case.faster(measured.name)
    raster = str(case.checked[measured.name]) if measured.name in case.checked else RASTERS.get(measured.name, "")
    note = measured.note
    if measured.name == "Lava" and case.lava_startup is not None:
        note = f"{note} ({case.lava_startup:.1f} s per run)"
    single = case.measured.get(measured.name.replace("2 threads", "1 thread"))
    if single is not None and (ratio(measured, single) or 0) > 1:
        note = f"{note}; slower than on one thread: were both cores free?"
    return measured.name, _micro(measured.median), "" if factor is None else f"{factor:.3g}", raster, note


def overview(results: Results) -> Table:
    """What a step of each workload is made of, and its share of the roofline."""
    rows: list[tuple[str, ...]] = []
    for case in results.cases:
        counted = case.operations
        if counted is None:
            rows.append((case.name, NOT_MEASURED, "", "", "", "", "", case.measured[OURS].missing))
            continue
        share, fired = case.of_roof, [v for k, v in case.activity.items() if "pool" not in k]
        rows.append(
            (
                case.name,
                f"{100 * min(fired):.2g}–{100 * max(fired):.2g} %",
                f"{counted.neurons:,}",
                f"{counted.synaptic / 1e6:.3g} M",
                f"{counted.dense / 1e6:.3g} M",
                _micro(case.ours),
                _micro(case.roof),
                "" if share is None else f"{100 * share:.0f} %",
            )
        )
    columns = ("workload", ">active", ">neurons", ">synops", ">dense", ">µs", ">roof µs", ">of roof")
    return Table("Rooflines", columns, rows)


def cost_table(measured: Sequence[Costs]) -> Table:
    """Costs beside the steps, one row per workload."""
    rows = [
        (
            cost.workload,
            f"{cost.compile_s:.2f}",
            f"{1e3 * cost.text_s:.1f}",
            f"{1e3 * cost.cached_s:.1f}",
            f"{cost.context_bytes / 1e6:.3f}",
            _micro(cost.silent_s),
            f"{100 * cost.silent:.0f} %",
        )
        for cost in measured
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


def scaling_table(measured: Sequence[Scaling]) -> Table:
    """How a step grows, one row per point of every axis."""
    rows = [
        (
            scaling.network,
            scaling.axis,
            name,
            NOT_MEASURED if point.missing else _micro(point.median),
            point.missing or point.note,
        )
        for scaling in measured
        for name, point in scaling.points.items()
    ]
    return Table("Scaling", ("network", "axis", ">value", ">µs per step (and sample)", "note"), rows)


def limit_table(limits: Limits) -> Table:
    """The limits of one core of this machine."""
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
    """The whole report in Markdown."""
    about = "\n".join(f"- {key}: {value}" for key, value in results.about.items())
    parts = [
        "# Benchmarks",
        "Written by `python -m benchmarks`. Times are medians over rounds in which everybody was measured in turn; a "
        "ratio is the median of the ratios of the same rounds. Ours: one thread, the compiled loop, every population's "
        "output recorded.",
        about,
        *(_markdown(table) for table in tables(results)),
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


def _value(floor: Floor) -> str:
    return "" if floor.value is None else f"{floor.value:.3g} {floor.unit}".rstrip()


def _plain(value: float) -> str:
    return f"{value:g}"
