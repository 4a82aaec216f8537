"""A run read out by a head: which one, and the files that its value is written to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from neurodeploy.errors import InputError
from neurodeploy.heads import ChosenHead, choose_head, fitting_heads
from neurodeploy.network.network import Network
from neurodeploy.picture import check_drawable, drawing
from neurodeploy.trace import Trace

Output = str | Path | None


def check_outputs(head: str | None, head_out: Output, picture: Output) -> None:
    """Raises InputError for outputs of a head where none is named and for a picture of another suffix, UnavailableError
    for a picture without matplotlib."""
    for option, path in (("--head-out", head_out), ("--picture", picture)):
        if path is not None and head is None:
            raise InputError("there is no head to write of", option, "name one: --head NAME")
    if picture is not None:
        check_drawable(Path(picture), "--picture")


def chosen_head(text: str, network: Network, picture: Output) -> ChosenHead:
    """The head of a network. Raises as ``choose_head`` does, and InputError for a picture of one that draws none."""
    chosen = choose_head(text, network)
    if picture is not None and not chosen.bound.draws:
        drawing_heads = [name for name in fitting_heads(network) if choose_head(name, network).bound.draws]
        remedy = f"leave it out; heads of this network that draw one: {', '.join(drawing_heads) or 'none'}"
        raise InputError(f"the head {chosen.kind.name} draws no picture", "--picture", remedy)
    return chosen


def writers(
    trace: Trace, out: Output, head_out: Output, picture: Output, batched: bool
) -> dict[Path, Callable[[IO[bytes]], object]]:
    """By path, what writes a run's trace, what its head made of it, and the picture of its first sample."""
    files: dict[Path, Callable[[IO[bytes]], object]] = {}
    if out is not None:
        files[Path(out)] = trace.writer(batched)
    if head_out is not None and trace.task is not None:
        text = _text(trace)
        files[Path(head_out)] = lambda file: file.write(text.encode())
    if picture is not None and trace.task is not None:
        files[Path(picture)] = drawing(trace.task.picture(0), Path(picture))
    return files


def _text(trace: Trace) -> str:
    """JSON: what ran, the head and its settings, and a line for every part of a sample's value."""
    assert trace.task is not None
    plain = trace.task.to_json()
    about = {key: trace.meta[key] for key in ("rung", "bundle") if key in trace.meta}
    about |= {key: value for key, value in plain.items() if key != "samples"}
    head = json.dumps(about, indent=1).removesuffix("\n}")
    samples = ",\n".join(map(_lines, plain["samples"]))
    return f'{head},\n "samples": [\n{samples}\n ]\n}}\n'


def _lines(sample: Any) -> str:
    """The value of one sample; of a list a line for every part."""
    if not isinstance(sample, list):
        return json.dumps(sample)
    parts = ",\n".join(map(json.dumps, cast("list[Any]", sample)))
    return f"[{parts}]"
