"""Builds the site of this documentation: ``python docs/build.py FOLDER``.

A page stands where a reader of the repository looks for it: beside the code it speaks of, or in this folder.
``PAGES`` names them all. They are copied into a folder of their own, in which a link to another page leads to that
page and any other link into the repository becomes the path it names. Notebooks become pages with the outputs that
they are committed with; none is executed. Zensical builds the site from that folder, in strict mode: a warning, such
as that of a link or a reference that leads nowhere, ends it with an error.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

PAGES: Mapping[str, Mapping[str, str]] = {
    "Start": {
        "index.md": "README.md",
        "own-network.md": "neurodeploy/README.md",
        "glossary.md": "GLOSSARY.md",
        "changelog.md": "CHANGELOG.md",
    },
    "How to": {
        "howto/index.md": "docs/howto/README.md",
        "howto/silent.md": "docs/howto/silent.md",
        "howto/accuracy.md": "docs/howto/accuracy.md",
        "howto/chip.md": "docs/howto/chip.md",
        "howto/board.md": "docs/howto/board.md",
        "howto/spikeseg.md": "docs/howto/spikeseg.md",
    },
    "Notebooks": {
        "notebooks/index.md": "notebooks/README.md",
        "notebooks/01.md": "notebooks/01_export_and_parity.ipynb",
        "notebooks/02.md": "notebooks/02_compiled_graph.ipynb",
        "notebooks/03.md": "notebooks/03_find_a_divergence.ipynb",
        "notebooks/04.md": "notebooks/04_quantization.ipynb",
        "notebooks/05.md": "notebooks/05_encoding_signals.ipynb",
        "notebooks/06.md": "notebooks/06_spikeseg.ipynb",
        "notebooks/07.md": "notebooks/07_spikingrx.ipynb",
        "notebooks/08.md": "notebooks/08_bring_your_chip.ipynb",
    },
    "What is computed": {
        "execution-contract.md": "docs/execution-contract.md",
        "quantization.md": "docs/quantization.md",
        "numerics.md": "docs/numerics.md",
        "training.md": "docs/training.md",
        "parity.md": "docs/parity.md",
        "report.md": "docs/report.md",
        "proofs.md": "docs/proofs.md",
        "losses.md": "docs/losses.md",
        "reduce.md": "docs/reduce.md",
        "cost.md": "docs/cost.md",
        "placement.md": "docs/placement.md",
        "sweeps.md": "docs/sweeps.md",
    },
    "Targets": {
        "targets/fixed.md": "targets/fixed/README.md",
        "targets/c.md": "targets/c/README.md",
        "targets/cortex-m.md": "targets/cortex_m/README.md",
        "targets/loihi-sim.md": "targets/loihi_sim/README.md",
        "targets/xylo-sim.md": "targets/xylo_sim/README.md",
        "targets/bring-your-chip.md": "docs/bring-your-chip.md",
    },
    "Encoders": {
        "encoding/deployment.md": "neurodeploy/encoding/DEPLOYMENT.md",
        "encoding/differences.md": "neurodeploy/encoding/DIFFERENCES.md",
    },
    "Reference networks": {
        "models/digits.md": "models/digits/README.md",
        "models/gestures.md": "models/gestures/README.md",
        "models/spikeseg.md": "models/spikeseg/README.md",
        "models/spikingrx.md": "models/spikingrx/README.md",
    },
    "Evidence": {
        "evidence/proof.md": "tests/proof/RESULTS.md",
        "evidence/round-trips.md": "tests/crossframework/data/ROUNDTRIP.md",
        "evidence/benchmarks.md": "benchmarks/README.md",
        "evidence/benchmark-results.md": "benchmarks/results/RESULTS.md",
    },
    "Python": {
        "api/index.md": "docs/api/index.md",
        "api/values.md": "docs/api/values.md",
        "api/errors.md": "docs/api/errors.md",
        "api/plug-ins.md": "docs/api/plug-ins.md",
        "api/engine.md": "docs/api/engine.md",
        "api/encoding.md": "docs/api/encoding.md",
    },
    "Carry on": {
        "architecture.md": "ARCHITECTURE.md",
        "contributing.md": "CONTRIBUTING.md",
        "environment.md": "docs/environment.md",
    },
}
"""Every page of the site by its chapter and its place there, with the file it is made from."""

TITLES: Mapping[str, str] = {
    "index.md": "neurodeploy",
    "howto/index.md": "Which one?",
    "howto/silent.md": "Silent after quantization",
    "howto/accuracy.md": "Accuracy fine, spikes differ",
    "howto/chip.md": "My chip disagrees",
    "howto/board.md": "From a CSV to firmware",
    "howto/spikeseg.md": "From upstream SpikeSEG to C",
    "notebooks/index.md": "All eight",
    "notebooks/01.md": "01 Export and parity",
    "notebooks/02.md": "02 A compiled graph",
    "notebooks/03.md": "03 Find a divergence",
    "notebooks/04.md": "04 Quantization choices",
    "notebooks/05.md": "05 Encoding signals",
    "notebooks/06.md": "06 SpikeSEG on a star field",
    "notebooks/07.md": "07 SpikingRx, bit errors",
    "notebooks/08.md": "08 Bring your chip",
    "targets/fixed.md": "fixed",
    "targets/c.md": "c",
    "targets/cortex-m.md": "cortex-m",
    "encoding/deployment.md": "Encoders on a device",
    "encoding/differences.md": "Differences from spike-encoding",
    "evidence/round-trips.md": "Our files in other frameworks",
    "evidence/benchmarks.md": "Benchmarks: how",
    "evidence/benchmark-results.md": "Benchmarks: results",
}
"""Names in the menu of pages whose heading is too long for it, or not their own."""

SOURCES = {place: source for chapter in PAGES.values() for place, source in chapter.items()}
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]*)(#[^)\s]*)?\)")


def main(folder: Path) -> int:
    """Build the site into ``folder``, which is replaced, and return Zensical's exit status."""
    with tempfile.TemporaryDirectory(prefix="neurodeploy-docs-") as name:
        place = Path(name)
        write_pages(place / "pages")
        (place / "zensical.toml").write_text(configuration(), encoding="utf-8")
        command = [sys.executable, "-m", "zensical", "build", "--strict", "-f", str(place / "zensical.toml")]
        status = subprocess.run(command, cwd=place, check=False).returncode
        if status == 0:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(place / "site", folder)
    return status


def write_pages(folder: Path) -> None:
    """Copy every page to its place, with links that lead to other pages of the site, and the script beside them."""
    folder.mkdir()
    for extra in ("keyboard.js", "contrast.css"):
        shutil.copy(ROOT / "docs" / extra, folder)
    for place, source in SOURCES.items():
        page = folder / place
        page.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / source).read_text(encoding="utf-8")
        page.write_text(with_links(place, source, from_notebook(text, page) if ".ipynb" in source else text), "utf-8")


def with_links(place: str, source: str, text: str) -> str:
    """A page's text as it stands at ``place``; code blocks stay as they are."""
    blocks = re.split(r"(^```.*?^```)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(block if block.startswith("```") else relink(place, source, block) for block in blocks)


def from_notebook(text: str, page: Path) -> str:
    """A notebook as Markdown; its pictures are written into a folder called like the ``page``."""
    import nbformat  # type: ignore[import-untyped]

    pictures = page.with_suffix("")
    parts: list[str] = []
    for cell in nbformat.reads(text, as_version=4).cells:
        parts.append(cell.source if cell.cell_type == "markdown" else block("python", cell.source))
        for output in cell.get("outputs", ()):
            parts.append(shown(output, pictures))
    return "\n\n".join(parts) + "\n"


def shown(output: Any, pictures: Path) -> str:
    """What a cell put out: its picture with the words that go with it, its HTML, or its text."""
    data = output.get("data", {})
    if "image/png" in data:
        pictures.mkdir(exist_ok=True)
        file = pictures / f"{len(list(pictures.iterdir())) + 1}.png"
        file.write_bytes(base64.b64decode(data["image/png"]))
        words = html.escape(output.metadata["image/png"]["alt"])
        return f'<p><img alt="{words}" src="{pictures.name}/{file.name}"></p>'
    if "text/html" in data:
        return f"<div>\n{data['text/html']}\n</div>"
    return block("text", output.get("text") or data["text/plain"])


def block(language: str, text: str) -> str:
    """A block of code whose fence is longer than any within it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def relink(place: str, source: str, text: str) -> str:
    """Links to files that are pages lead to those pages; other links into the repository become paths."""
    page_of = {file: page for page, file in SOURCES.items()}

    def replaced(match: re.Match[str]) -> str:
        words, path, anchor = match[1], match[2], match[3] or ""
        if "://" in path or not path:
            return match[0]
        file = os.path.normpath(PurePosixPath(source).parent / path)
        if file in page_of:
            target = os.path.relpath(page_of[file], PurePosixPath(place).parent)
            return f"[{words}]({target}{anchor})"
        return f"{words} (`{file}`)" if words.strip("`") != file else f"`{file}`"

    return LINK.sub(replaced, text)


def configuration() -> str:
    """Zensical's configuration: ``zensical.toml`` with the pages there are and the folder of the sources."""
    chapters = [f"{{ {json.dumps(chapter)} = [{', '.join(map(_item, places))}] }}" for chapter, places in PAGES.items()]
    text = (ROOT / "docs/zensical.toml").read_text(encoding="utf-8")
    return text.replace("@NAV@", ", ".join(chapters)).replace("@ROOT@", ROOT.as_posix())


def _item(place: str) -> str:
    """A page in the menu."""
    return f"{{ {json.dumps(TITLES[place])} = {json.dumps(place)} }}" if place in TITLES else json.dumps(place)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "site")))
