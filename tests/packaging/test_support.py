"""What tests share stands in modules of its own: no test file is imported by another."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_no_test_file_is_imported() -> None:
    importing = [
        (path.relative_to(TESTS).as_posix(), node.module)
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2].startswith("test_")
    ]
    assert importing == []
