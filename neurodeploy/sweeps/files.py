"""A sweep's table and picture in its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurodeploy.atomic import write_files
from neurodeploy.extras import has, install_command, need
from neurodeploy.finding import Finding
from neurodeploy.sweeps.result import ACCURACY, COST, KEPT, MEASURED, Row, Sweep

CSV, PARQUET, PICTURE = "table.csv", "table.parquet", "pareto.svg"
FILES = (CSV, PARQUET, PICTURE)
WIDTH, HEIGHT, DOTS = 7.0, 4.5, 150


def write(sweep: Sweep, folder: Path, beside: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Write ``table.csv``, ``table.parquet``, ``pareto.svg`` and the files ``beside`` them, all or none.

    What is left out is a finding.
    """
    texts: dict[str, bytes] = {CSV: sweep.to_csv().encode(), **beside}
    missing: list[Finding] = []
    for name, package, extra, made in (
        (PARQUET, "pyarrow", "sweep", _parquet),
        (PICTURE, "matplotlib", "plot", picture),
    ):
        if has(package):
            texts[name] = made(sweep)
        else:
            what = f"was not written: the package {package} is not installed"
            missing.append(Finding("extra", "info", name, what, install_command(extra)))
    write_files({folder / name: lambda file, data=data: file.write(data) for name, data in texts.items()})
    return tuple(missing)


def _parquet(sweep: Sweep) -> bytes:
    arrow, parquet = need("pyarrow", "sweep", PARQUET), need("pyarrow.parquet", "sweep", PARQUET)
    kinds: dict[type, Any] = {str: arrow.string(), float: arrow.float64(), int: arrow.int64()}
    held = {name: MEASURED.get(name, int if name == "seed" else str) for name in sweep.columns}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in held.items()])
    rows = [{name: row.get(name) for name in sweep.columns} for row in sweep.rows]
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), sink)
    return sink.getvalue().to_pybytes()


def picture(sweep: Sweep) -> bytes:
    """Memory of weights against what is kept of the spikes and, where labels tell it, against accuracy."""
    import io

    matplotlib = need("matplotlib", "plot", PICTURE)
    figure_module = need("matplotlib.figure", "plot", PICTURE)
    judged = {KEPT: "Jaccard index of the worst layer", ACCURACY: "accuracy on the target"}
    shown = [name for name in judged if name == KEPT or any(row.get(name) is not None for row in sweep.rows)]
    with matplotlib.rc_context({"svg.hashsalt": "neurodeploy", "svg.fonttype": "none"}):
        figure = figure_module.Figure(figsize=(WIDTH * len(shown), HEIGHT), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            _panel(axes, sweep, name)
            axes.set(xlabel="weights (KiB)", ylabel=judged[name], ylim=(-0.02, 1.05))
            axes.grid(alpha=0.2)
            axes.legend(fontsize="small")
        file = io.BytesIO()
        figure.savefig(file, format="svg", dpi=DOTS, metadata={"Date": None})
    return file.getvalue()


def _panel(axes: Any, sweep: Sweep, name: str) -> None:
    """Every row a point, the front a line, the best row marked."""
    for target in dict.fromkeys(row["target"] for row in sweep.rows):
        points = [row for row in sweep.rows if row["target"] == target and row.get(name) is not None]
        axes.scatter(*_places(points, name), label=target, alpha=0.7)
    front = sorted(sweep.front_of(name), key=lambda row: (row[COST], row[name]))
    axes.plot(*_places(front, name), color="0.4", lw=1, label="Pareto front")
    if name == KEPT:
        axes.axhline(sweep.budget, color="0.6", lw=1, ls="--", label=f"budget {sweep.budget:g}")
    if (best := sweep.best) is not None and best.get(name) is not None:
        axes.scatter(*_places([best], name), s=160, facecolors="none", edgecolors="tab:red", label="best")


def _places(rows: Sequence[Row], name: str) -> tuple[list[float], list[float]]:
    """Memory in KiB, and what is judged."""
    return [row[COST] / 8192 for row in rows], [row[name] for row in rows]
