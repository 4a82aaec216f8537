"""Every page of the documentation's site, and every notebook at its full size."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.packaging import site
from tests.packaging.pages import PLACES, ROOT
from tests.proof.case import Counts, ProofCase
from tests.report import accessibility

PAGES = [(place.removesuffix(".md") + ".html", scheme) for scheme in site.SCHEMES for place in PLACES]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SIZE = "NEURODEPLOY_NOTEBOOKS"


def accessible(seeds: range) -> Counts:
    """A page fails where axe-core finds a rule of accessibility that it breaks badly."""
    with tempfile.TemporaryDirectory(prefix="neurodeploy-site-") as name:
        done = site.build(Path(name) / "site")
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        wrong = site.judge(Path(name) / "site", [PAGES[seed] for seed in seeds])
    failed = tuple(seed for seed in seeds if PAGES[seed] in wrong)
    return Counts(len(seeds), failed, dict(Counter(f"pages, {PAGES[seed][1]}" for seed in seeds)))


def executed(seeds: range) -> Counts:
    """A notebook fails where a cell raises, a picture has no words, or a cell puts out less than was committed."""
    import nbformat  # type: ignore[import-untyped]
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    os.environ.pop(SIZE, None)
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    for seed in seeds:
        path = NOTEBOOKS[seed]
        notebook: Any = nbformat.read(path, as_version=4)
        client: Any = NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(path.parent)}})
        try:
            client.execute()
        except CellExecutionError:
            failed.append(seed)
            continue
        pictures, texts = _outputs(notebook)
        before, same = _outputs(json.loads(path.read_text(encoding="utf-8")))
        if not all(pictures) or (len(pictures), len(texts)) != (len(before), len(same)):
            failed.append(seed)
        tallies["pictures"] += len(pictures)
        tallies["texts"] += len(texts)
        tallies["texts that are the committed ones"] += sum(map(str.__eq__, texts, same))
    return Counts(len(seeds), tuple(failed), dict(tallies))


def _outputs(notebook: Any) -> tuple[list[str], list[str]]:
    """The words of all pictures, and all texts."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    data = [(output.get("data", {}), output) for output in outputs]
    pictures = [output["metadata"]["image/png"].get("alt", "") for parts, output in data if "image/png" in parts]
    texts = [parts.get("text/plain", output.get("text", "")) for parts, output in data if "image/png" not in parts]
    return pictures, ["".join(text) for text in texts]


def _lacks() -> str | None:
    return None if find_spec("nbclient") and find_spec("ipykernel") else "nbclient or ipykernel is not installed"


CASES = (
    ProofCase(
        "accessible",
        "every page of the documentation's site, in the light and in the dark: axe-core finds no rule of accessibility "
        "(words for pictures, contrast, labels, landmarks, keyboard) that is broken seriously or critically",
        seeds=len(PAGES),
        batch=-(-len(PAGES) // 2),
        run=accessible,
        tested_by="tests/packaging/test_docs.py",
        lacks=lambda: accessibility.missing() or None,
    ),
    ProofCase(
        "notebooks",
        "the eight notebooks at their full size: every cell runs, every picture is told in words, and there are as "
        "many pictures and texts as were committed",
        seeds=len(NOTEBOOKS),
        batch=1,
        run=executed,
        tested_by="tests/packaging/test_notebooks.py",
        lacks=_lacks,
    ),
)
