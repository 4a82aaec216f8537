"""What a worker leaves: for every net the file that its framework's exporter wrote and the rasters, or the error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nir
import numpy as np
from nets import Net


class Book:
    """Collects cases in a folder; ``packages`` are those whose versions are told."""

    def __init__(self, folder: Path, *packages: str) -> None:
        self.folder = folder
        self.told: dict[str, Any] = {"versions": {each: version(each) for each in packages}, "cases": {}}

    def add(
        self,
        net: Net,
        profile: str,
        export: Callable[[], Any],
        run: Callable[[Any], Sequence[Any]],
        exact: bool | None = None,
        **more: Any,
    ) -> None:
        """Export, write, and run the net's stimulus; ``run`` gives every neuron layer's record in order.

        A record is ``(B, T, *shape)``: counts of spikes, or float32 membranes where the layer does not spike. ``more``
        is told with the case: ``late``, the steps by which layers send late; ``unread``, why no profile can read it.
        """
        path, x = self.folder / f"{net.name}.nir", net.stimulus
        exactness = "exact" if (net.grid if exact is None else exact) else "ties"
        case = {"profile": profile, "seed": net.seed, "exactness": exactness, **more}
        try:
            case |= write(path, export())
        except Exception as error:
            path.unlink(missing_ok=True)
            case = {"profile": profile, "error": first_words(error)}
        else:
            records = {f"layer_{i}": small(each) for i, each in enumerate(run(x))}
            np.savez(self.folder / f"{net.name}.npz", input=small(x), **records)
        self.told["cases"][net.name] = case

    def close(self) -> None:
        """Write the list of cases."""
        (self.folder / "cases.json").write_text(json.dumps(self.told, indent=1))


def write(path: Path, graph: Any) -> dict[str, str]:
    """Write a graph; one that nir cannot write as it stands, with the shapes that nir itself infers."""
    try:
        nir.write(path, graph)
    except Exception as error:
        graph.infer_types()
        nir.write(path, graph)
        return {"completed": first_words(error)}
    return {}


def first_words(error: BaseException) -> str:
    """The first line of what was raised first."""
    while error.__context__ is not None:
        error = error.__context__
    return f"{type(error).__name__}: {error}".strip().splitlines()[0]


def small(record: Any) -> Any:
    """Counts as small integers; anything else stays float32."""
    values = np.asarray(record)
    whole = np.rint(values).astype(np.int64)
    if not np.array_equal(whole, values):
        return values.astype(np.float32)
    return whole.astype(np.uint8 if whole.max(initial=0) < 256 and whole.min(initial=0) >= 0 else np.int32)


def folder() -> Path:
    """The folder the worker was told to fill."""
    return Path(sys.argv[1])
