"""The committed notebooks: run in order, every picture told in words, and nothing of one machine."""

import json
from pathlib import Path

import pytest

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
