"""How long reading and linting take of files of many nodes: ``python -m benchmarks.large [NODES ...]``.

The network is a chain of integrate-and-fire neurons, one to a node; every neuron has parameters of its own. Seconds are
those of the processor, in this process and in the one that reads HDF5, so that other work on the machine counts little.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

from neurodeploy.flow import lint
from neurodeploy.network.raw import Raw, RawNode, read_raw
from neurodeploy.network.rules.check import check_graph

SIZES = (1_000, 10_000, 100_000)


def chain(nodes: int) -> Raw:
    """A chain of that many neurons, in memory."""
    one, names = np.ones(1), [f"n{number}" for number in range(nodes)]
    neurons = {name: RawNode("IF", {"r": one, "v_threshold": one, "v_reset": 0 * one}) for name in names}
    ends = {kind.lower(): RawNode(kind, {"shape": np.array([1])}) for kind in ("Input", "Output")}
    edges = zip(["input", *names], [*names, "output"], strict=True)
    return Raw({"input": ends["input"], **neurons, "output": ends["output"]}, tuple(edges))


def write_chain(path: Path, nodes: int) -> None:
    """The same as a ``.nir`` file."""
    raw = chain(nodes)
    with h5py.File(path, "w", libver="latest") as file:
        file["version"] = "1.0"
        graph = file.create_group("node")
        graph["type"] = "NIRGraph"
        inner = graph.create_group("nodes")
        for name, node in raw.nodes.items():
            group = inner.create_group(name)
            for key, value in {"type": node.kind, **node.fields}.items():
                group[key] = value
        graph["edges"] = np.array(raw.edges, dtype=h5py.string_dtype())


def clock() -> float:
    """Seconds of the processor that this process, and all that it started, have taken."""
    ended, ticks = os.times(), 0
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ended.user + ended.system + ended.children_user + ended.children_system + ticks / os.sysconf("SC_CLK_TCK")


def measure(nodes: int) -> tuple[float, float, float]:
    """Seconds of the rules of a chain in memory, of reading its file, and of ``lint`` of that file."""
    with tempfile.TemporaryDirectory() as folder:
        path, times = Path(folder) / "chain.nir", [clock()]
        check_graph(chain(nodes))
        times.append(clock())
        write_chain(path, nodes)
        began = clock()
        read_raw(path)
        read = clock()
        report = lint(path, profile="nir,dt=1e-3")
        assert report.errors == 0, report
        return times[1] - times[0], read - began, clock() - read


def main(sizes: list[int]) -> None:
    """A row for each size."""
    print("nodes     rules s   read s    lint s (with reading)")
    for nodes in sizes:
        rules, read, whole = measure(nodes)
        print(f"{nodes:<9,} {rules:<9.2f} {read:<9.2f} {whole:.2f}", flush=True)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or list(SIZES))
