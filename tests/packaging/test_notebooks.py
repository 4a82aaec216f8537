"""The committed notebooks: run in order, every picture told in words, and nothing of one machine."""

import base64
import html
import json
import re
from pathlib import Path

import pytest

from tests.packaging.pages import PLACES, TEXTS, builder

FILES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_was_run_and_says_in_words_what_it_shows(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    images = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(images) >= 2
    assert [len(image["metadata"]["image/png"]["alt"]) > 20 for image in images] == [True] * len(images)
    assert not any(word in json.dumps(outputs) for word in ("/tmp", "/home", "Traceback"))


def test_each_has_its_line_in_the_list_and_its_page_on_the_site() -> None:
    names = [path.name for path in FILES]
    assert re.findall(r"^\| \[\d\d\]\((\S+)\) \| \w.+ \|$", TEXTS["notebooks/README.md"], re.MULTILINE) == names
    assert [Path(file).name for file in PLACES.values() if file.endswith(".ipynb")] == names


def test_its_page_holds_its_code_pictures_and_texts_as_they_were_committed(tmp_path: Path) -> None:
    path = next(path for path in FILES if path.stem.startswith("02"))
    text = builder().from_notebook(path.read_text(encoding="utf-8"), tmp_path / "02.md")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert [text.count("".join(cell["source"])) >= 1 for cell in cells] == [True] * len(cells)
    data = [(output["data"], output["metadata"]) for cell in cells for output in cell.get("outputs", [])]
    images = [(parts["image/png"], more["image/png"]["alt"]) for parts, more in data if "image/png" in parts]
    written = [(tmp_path / "02" / f"{number + 1}.png").read_bytes() for number in range(len(images))]
    assert written == [base64.b64decode(image) for image, _ in images]
    assert [text.count(f'alt="{html.escape(alt)}" src="02/') for _, alt in images] == [1] * len(images)
    assert text.count("<table>") == sum("".join(parts.get("text/html", "")).count("<table>") for parts, _ in data) > 0
