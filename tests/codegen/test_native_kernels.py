"""The list of native kernels is complete, and the engine's cache sees every file that a rendering depends on."""

import ast
from pathlib import Path

import numpy as np
import pytest

import neurodeploy
from neurodeploy.codegen.edge import Edge, edges
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import MACHINES, Machine
from neurodeploy.codegen.native.cost_model import DENSE_CYCLES
from neurodeploy.codegen.native.kernel import KernelTask
from neurodeploy.codegen.native.kernels import KERNELS, PORTABLE
from neurodeploy.codegen.native.sum_block import sum_block
from neurodeploy.codegen.tables import Tables
from neurodeploy.engine.description import MADE_BY
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.step.plan import plan

HOME = Path(neurodeploy.__file__).parent
TEXTLESS = ("errors.py",)
"""What renderings import though their text does not depend on it."""


def projection(kind: str) -> tuple[tuple[int, ...], Projection]:
    """The shape of the target, and a projection from 4 x 6 x 6 binary neurons that kernels of its kind apply to."""
    if kind == "dense":
        return (32,), Projection("p", "in", "out", "dense", np.arange(32 * 144).reshape(32, 144) % 7 - 3)
    if kind == "sum-pool":
        return (4, 3, 3), Projection("p", "in", "out", "sum-pool", np.ones((2, 2), dtype=np.int64), stride=(2, 2))
    weights = np.arange(2 * 4 * 3 * 3).reshape(2, 4, 3, 3) % 9 - 4
    return (2, 6, 6), Projection("p", "in", "out", "conv2d", weights, padding=(1, 1))


def edge_of(kind: str) -> Edge:
    shape, joined = projection(kind)
    program = Program(LOIHI2, (Input("in", (4, 6, 6)),), (Population("out", shape, threshold=9),), (joined,), ("out",))
    drawn = plan(program)
    layouts = {name: Layout(sender.shape) for name, sender in drawn.senders.items()}
    (edge,) = edges(drawn, drawn.stages[0].arrival.accumulators[0], layouts, layouts["out"])
    return edge


EDGES = {kind: edge_of(kind) for kind in ("dense", "sum-pool", "conv2d")}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_kernel_renders_the_function_that_is_asked_for_where_it_applies(name: str, machine: Machine) -> None:
    kernel = KERNELS[name]
    able = [edge for edge in EDGES.values() if kernel.applies(edge, machine)]
    assert able or (machine.name == "baseline" and name in ("pairs", "dense")), "no projection shows this kernel"
    for edge in able:
        text = kernel.render(KernelTask(edge, machine, sum_block(6, 12, 32, 32, edge.bits)), "a_name", Tables("p"))
        assert "static void a_name(" in text


def test_a_kernel_that_reads_a_map_says_how_it_is_made_and_what_it_costs() -> None:
    assert {name for name, kernel in KERNELS.items() if kernel.map is not None} == set(DENSE_CYCLES)
    assert all((kernel.reads == "map") == (kernel.map is not None) for kernel in KERNELS.values())


def test_the_portable_kernel_applies_everywhere() -> None:
    assert all(PORTABLE.applies(edge, machine) for edge in EDGES.values() for machine in MACHINES)


def test_the_digest_of_renderings_covers_every_file_they_are_made_by() -> None:
    files = [
        file
        for place in MADE_BY
        for file in ([HOME / place] if place.endswith(".py") else (HOME / place).rglob("*.py"))
    ]
    rendering = [file for file in files if file.relative_to(HOME).parts[0] in ("codegen", "step")]
    imported = {name for file in rendering for name in _imports(file)}
    outside = ("streams", "host.py", "heads.py")  # encoders and heads are rendered for bundles, which no cache keeps
    assert imported - {*MADE_BY, *TEXTLESS, *outside} == set()


def _imports(file: Path) -> set[str]:
    """Parts of the package that a file imports: folders, or modules with their suffix."""
    modules = [node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    parts = {module.split(".")[1] for module in modules if module and module.startswith("neurodeploy.")}
    return {part if (HOME / part).is_dir() else f"{part}.py" for part in parts}
