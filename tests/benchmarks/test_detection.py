"""Fields are judged a few at a time, and add up to what all of them at once would give."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="SpikeSEG needs the extra torch")

from benchmarks import detection
from benchmarks.detection import Row, Split
from models.spikeseg.judging import Judgement
from models.spikeseg.scores import Counts
from neurodeploy.stimulus import Stimulus


def row(both: int, either: int, differ: int | None, found: int) -> Row:
    judged = Judgement(Counts(found, 1, 0, 2), Counts(1, 0, 0, 1), (1.0,), 0, 4, found)
    return Row("stars", "c", judged, {"lif1": (both, either)}, differ)


def test_rows_of_some_fields_add_up() -> None:
    total = row(3, 4, 1, 3) + row(0, 4, 2, 1)
    assert (total.common["lif1"], total.differ, total.judged.boxed) == ((3, 8), 3, 4)
    assert (row(1, 1, None, 1) + row(1, 1, None, 1)).differ is None
    cells = total.cells()
    assert cells[:3] == ["stars", "c", "0.6667"]
    assert cells[-2:] == ["0.3750", "3"]
    assert row(0, 0, None, 1).cells()[-2:] == ["1.0000", ""]


def test_parts_hold_every_field_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "PART", 2)
    frames = np.arange(5.0).reshape(5, 1, 1)
    split = Split(Stimulus({"input": frames}), [np.full((1, 1, 4), number) for number in range(5)])
    parts = list(split.parts())
    assert [part.stimulus.batch for part in parts] == [len(part.boxes) for part in parts] == [2, 2, 1]
    assert np.array_equal(np.concatenate([part.stimulus["input"] for part in parts]), frames)
    assert [int(boxes[0, 0, 0]) for part in parts for boxes in part.boxes] == [0, 1, 2, 3, 4]


def test_the_page_names_its_command_and_day() -> None:
    assert "`python -m benchmarks.detection --fields 4` on 2" in detection.about(4)
    assert "`python -m benchmarks.detection` on 2" in detection.about(40)
