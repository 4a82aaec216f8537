"""What a report says of itself: which model, from which file, made with what, and when."""

from __future__ import annotations

import hashlib
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import neurodeploy
from neurodeploy.bundle import Bundle
from neurodeploy.flow.guiding import recipe
from neurodeploy.network.network import Network
from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus
from neurodeploy.table import dimensions

PACKAGES = "numpy", "nir", "torch", "norse"
CHUNK = 1 << 20


def about_report(
    named: object, opened: Bundle | Network, network: Network, program: Program, stimulus: Stimulus
) -> dict[str, Any]:
    """What a report says of the run beside its rungs. ``named``: the subject as it was given."""
    return {
        **_model(named, opened),
        "samples": stimulus.batch,
        "steps": stimulus.steps,
        "numerics": program.numerics.name,
        "stimulus": str(stimulus.origin),
        "search": recipe(stimulus),
        "contract": network.contract.to_json(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "graph": graph_of(network),
    }


def versions() -> dict[str, str]:
    """The versions of what a check ran on; of packages only those that were imported."""
    found = {"neurodeploy": neurodeploy.__version__, "Python": platform.python_version()}
    for package in PACKAGES:
        if package in sys.modules:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
    return found


def graph_of(network: Network) -> dict[str, Any]:
    """The nodes of a network in order, with a few words on each, and its edges: from, to, and whether they go back."""
    nodes = [
        {"name": name, "type": type(network.nodes[name]).__name__, "words": _words(network, name)}
        for name in network.order
    ]
    back = network.recurrent_edges
    return {"nodes": nodes, "edges": [[a, b, (a, b) in back] for a, b in sorted(set(network.graph.edges))]}


def _words(network: Network, name: str) -> str:
    shape = dimensions(network.shapes[name]) if name in network.shapes else ""
    inserted = ", inserted" if name in network.inserted else ""
    return f"{type(network.nodes[name]).__name__} {shape}{inserted}".rstrip()


def _model(named: object, opened: Bundle | Network) -> dict[str, str]:
    """Name, file and digest of what was checked, as far as it has them."""
    if isinstance(opened, Bundle):
        return {"model": opened.path.name, "file": str(opened.path), "digest": opened.digest}
    if isinstance(named, str | Path):
        path = Path(named)
        return {"model": path.stem, "file": str(path), **({"digest": _digest(path)} if path.is_file() else {})}
    return {}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
