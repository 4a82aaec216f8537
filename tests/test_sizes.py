"""Files and functions stay short enough to be read at once."""

import ast
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    path: path.read_text("utf-8")
    for path in chain.from_iterable((ROOT / folder).rglob("*.py") for folder in ("neurodeploy", "targets", "models"))
}


def functions() -> dict[str, int]:
    """Lines of every function, by file and name."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path, text in FILES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_a_file_is_one_idea() -> None:
    lines = {str(path.relative_to(ROOT)): text.count("\n") for path, text in FILES.items()}
    assert {name: count for name, count in lines.items() if count > 400} == {}
    assert median(lines.values()) <= 120


def test_a_function_fits_a_screen() -> None:
    lines = functions()
    assert {name: count for name, count in lines.items() if count > 60} == {}
    assert quantiles(lines.values(), n=10)[-1] <= 30
