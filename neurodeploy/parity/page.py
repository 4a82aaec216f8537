"""A report as one page: what stands in its head, and what its scripts draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurodeploy.document import Tone
from neurodeploy.html import escape
from neurodeploy.page import page
from neurodeploy.page.arrays import Packed
from neurodeploy.parity.recording import Array, NodeRecord, Recording, RungRecord
from neurodeploy.parity.rung import Rung
from neurodeploy.parity.states import node_states

TOLD = "model", "file", "digest", "samples", "steps", "stimulus", "numerics", "date", "command"
"""Descriptions in the head of a page, in their order."""
SIGNS: Mapping[str, str] = {"agree": "✓", "diverged": "✗", "inconclusive": "?"}


def report_page(
    data: Mapping[str, Any],
    rungs: Sequence[Rung],
    verdict: tuple[str, Tone],
    tables: tuple[str, str],
    recording: Recording | None,
) -> str:
    """The page of a report.

    ``data``: the report as plain data. ``verdict``: its words and their tone. ``tables``: all of the report, and the
    task values, as HTML.
    """
    arrays = Packed()
    about = {name: value for name, value in data["about"].items() if name != "graph"}
    shown = {
        "report": {**data, "about": about},
        "graph": data["about"].get("graph"),
        "verdicts": [rung.verdict_words for rung in rungs],
        "states": [node_states(rung) for rung in rungs],
        "recording": None if recording is None else _recorded(recording, arrays),
        "rungs": [] if recording is None else list(recording.rungs),
    }
    title = f"Parity report: {data['verdict']}"
    return page(title, {"header": _header(data, verdict), "tables": tables[0], "task": tables[1]}, shown, arrays)


def _header(data: Mapping[str, Any], verdict: tuple[str, Tone]) -> str:
    about = data["about"]
    words, tone = verdict
    name = f"{about['model']}: parity report" if "model" in about else "Parity report"
    badge = f'<p><span class="verdict {tone}">{SIGNS[data["verdict"]]} {escape(words)}</span></p>'
    reasons = "".join(f'<p class="warning">{escape(reason)}</p>' for reason in data["reasons"])
    rows = [(key, str(about[key])) for key in TOLD if about.get(key) not in (None, "")]
    rows += [("versions", ", ".join(f"{key} {value}" for key, value in about.get("versions", {}).items()))]
    items = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in rows if value)
    return f'<h1>{escape(name)}</h1>{badge}{reasons}<dl class="about">{items}</dl>'


def _recorded(recording: Recording, arrays: Packed) -> dict[str, Any]:
    windows = [
        {
            "sample": window.sample,
            "start": window.start,
            "steps": window.steps,
            "nodes": {name: _node(node, recording.before, arrays) for name, node in window.nodes.items()},
        }
        for window in recording.windows
    ]
    return {"windows": windows, "before": dict(recording.before)}


def _node(node: NodeRecord, before: Mapping[str, str], arrays: Packed) -> dict[str, Any]:
    rungs: dict[str, dict[str, Any]] = {}
    for rung, record in node.rungs.items():
        base = before.get(rung, "")
        rungs[rung] = _rung(record, node.graded, node.rungs.get(base), rungs.get(base, {}), arrays)
    return {
        "shape": list(node.shape),
        "graded": node.graded,
        "neurons": arrays.add(node.neurons),
        "since": arrays.add(node.since),
        "threshold": None if node.threshold is None else arrays.add(node.threshold),
        "rungs": rungs,
    }


def _rung(
    record: RungRecord, graded: bool, base: RungRecord | None, at: Mapping[str, Any], arrays: Packed
) -> dict[str, Any]:
    """One rung of a node; where it can be, written as its difference from the rung before."""
    output, below = _counts(record.output, graded), None if base is None else _counts(base.output, graded)
    membrane = None
    if record.membrane is not None:
        membrane = arrays.add(record.membrane, at.get("membrane"), None if base is None else base.membrane)
    return {
        "output": arrays.add(output, at.get("output"), below),
        "membrane": membrane,
        "unit": arrays.add(record.unit),
        "differing": None if record.differing is None else arrays.add(record.differing),
    }


def _counts(output: Array, graded: bool) -> Array:
    """Spikes as integers, whatever they were computed in."""
    if graded or output.dtype.kind in "biu":
        return output.astype(np.uint8) if output.dtype.kind == "b" else output
    return np.nan_to_num(output).astype(np.int64)
