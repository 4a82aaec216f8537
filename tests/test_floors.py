"""Who may import whom: a file imports from lower floors, or from its own floor without cycles."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def table() -> dict[str, str]:
    """Floor of every part of ``neurodeploy``, from the table in ARCHITECTURE.md; ``beside`` for those beside them."""
    rows = re.findall(r"^\| (\d|beside) \| `(\w+)` \|", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)
    return {part: floor for floor, part in rows}


BESIDE = {part for part, floor in table().items() if floor == "beside"}
"""They stand on floor 0 and import nothing else of ours."""
FLOOR_OF = {part: 0 if floor == "beside" else int(floor) for part, floor in table().items()}
VOCABULARY = {part for part, floor in table().items() if floor == "0"}

WITH_TORCH = (
    "neurodeploy.frontends",
    "neurodeploy.models",
    "neurodeploy.torch",
    "neurodeploy.encoding.compat",
    "neurodeploy.gradients",
)
PROCESS = "neurodeploy.reading.hdf5_child"
"""What a process of its own runs; nobody imports it."""
FREE = ("neurodeploy", "neurodeploy.targets", "neurodeploy.models")
"""The package itself is the public face; the two folders of plug-ins only extend their path."""


def read() -> Iterator[tuple[str, Path]]:
    """Every module by the name it is imported under, with its file."""
    for folder, package in (("neurodeploy", "neurodeploy"), *((p, f"neurodeploy.{p}") for p in ("targets", "models"))):
        for path in sorted((ROOT / folder).rglob("*.py")):
            relative = path.relative_to(ROOT / folder).with_suffix("").parts
            parts = relative[:-1] if relative[-1] == "__init__" else relative
            yield ".".join((package, *parts)), path


MODULES = dict(read())


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, except in ``if TYPE_CHECKING:``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from walk(child)


@cache
def imports(name: str) -> frozenset[str]:
    """Absolute names of what a module imports, anywhere in its file but where only type checkers look."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {inner if (inner := f"{source}.{a.name}") in MODULES else source for a in node.names}
    return frozenset(found - {name})


def ours(name: str) -> set[str]:
    """What it imports of this project."""
    return {each for each in imports(name) if each.partition(".")[0] == "neurodeploy"}


def foreign(name: str) -> set[str]:
    """Third-party packages it imports."""
    first = {each.partition(".")[0] for each in imports(name)}
    return first - {"neurodeploy"} - set(sys.stdlib_module_names)


def part(name: str) -> str:
    """``program`` for ``neurodeploy.program.latency``."""
    return name.split(".")[1] if "." in name else ""


def inside(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def plug_in(name: str) -> bool:
    return inside(name, ("neurodeploy.targets", "neurodeploy.models")) and name not in FREE


CORE = [name for name in MODULES if name not in FREE and not plug_in(name)]
TARGETS = [name for name in MODULES if plug_in(name) and part(name) == "targets"]
MODELS = [name for name in MODULES if plug_in(name) and part(name) == "models"]


def test_every_part_has_a_floor_and_every_floor_its_parts() -> None:
    assert {part(name) for name in CORE} == FLOOR_OF.keys(), "the table of floors in ARCHITECTURE.md is not the code"


@pytest.mark.parametrize("name", CORE)
def test_no_part_imports_from_a_higher_floor(name: str) -> None:
    mine = FLOOR_OF[part(name)]
    for other in ours(name) - set(FREE):
        if not plug_in(other):
            assert FLOOR_OF[part(other)] <= mine, (
                f"{name} (floor {mine}) imports {other} (floor {FLOOR_OF[part(other)]})"
            )


def test_nothing_below_the_work_imports_the_public_face() -> None:
    low = [name for name in (*CORE, *TARGETS, *MODELS) if FLOOR_OF.get(part(name), 0) < 5]
    assert [name for name in low if "neurodeploy" in ours(name)] == []


def test_there_are_no_cycles() -> None:
    graph = {name: ours(name) & set(CORE) for name in CORE}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_what_stands_beside_the_floors_knows_only_the_vocabulary() -> None:
    for name in CORE:
        for other in ours(name) if part(name) in BESIDE else ():
            assert part(other) == part(name) or part(other) in VOCABULARY, f"{name} imports {other}"


def test_the_core_names_no_target_and_no_model() -> None:
    named = {name: {other for other in ours(name) if plug_in(other)} for name in CORE}
    assert {name: others for name, others in named.items() if others and FLOOR_OF[part(name)] < 5} == {}


@pytest.mark.parametrize("name", TARGETS)
def test_targets_stand_on_floors_0_to_3_and_on_no_other_target(name: str) -> None:
    own = ".".join(name.split(".")[:3])
    for other in ours(name) - {"neurodeploy.targets"}:
        assert inside(other, (own,)) or (not plug_in(other) and FLOOR_OF[part(other)] <= 3), f"{name} imports {other}"


def test_what_is_judged_knows_of_the_reference_only_the_runner_that_judges() -> None:
    """Else a target could agree with the reference because it is the reference."""
    judged = [name for name in MODULES if part(name) in ("engine", "embedded", "conformance") or name in TARGETS]
    known = {name: {other for other in ours(name) if part(other) == "reference"} for name in judged}
    assert set().union(*known.values()) <= {"neurodeploy.reference.program_runner"}


@pytest.mark.parametrize("name", MODELS)
def test_models_stand_on_floors_0_and_1(name: str) -> None:
    own = ".".join(name.split(".")[:3])
    for other in ours(name) - {"neurodeploy.models"}:
        assert inside(other, (own,)) or (not plug_in(other) and FLOOR_OF[part(other)] <= 1), f"{name} imports {other}"


def test_torch_and_norse_are_imported_only_where_they_may_be() -> None:
    users = [name for name in MODULES if foreign(name) & {"torch", "norse"} and not inside(name, WITH_TORCH)]
    assert users == []


def test_the_vocabulary_needs_numpy_and_msgspec_only() -> None:
    words = [name for name in CORE if part(name) in VOCABULARY and name != PROCESS]
    needed = {name: foreign(name) - {"numpy", "msgspec"} for name in words}
    assert [name for name in MODULES if PROCESS in ours(name)] == []
    assert {name: packages for name, packages in needed.items() if packages} == {}
