"""From the file of an event camera to boxes and their picture, by the commands of the model card."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.models.spikeseg import PRESETS, build
from neurodeploy.models.spikeseg.boxes import boxes_of, main, picture, samples_of
from neurodeploy.models.spikeseg.fields import HELD_OUT, STEPS, WINDOW, field

from neurodeploy.errors import InputError
from neurodeploy.trace import Entry, Trace
from tests.cli.support import call
from tests.events import encoders

SKY = field(HELD_OUT[0], (64, 64))


@pytest.mark.skipif(find_spec("faery") is None, reason="faery is not installed (extra: events)")
def test_a_recording_runs_from_its_file_to_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    events = np.concatenate(list(SKY.source().chunks()))
    Path("recording.aedat4").write_bytes(encoders.aedat4(events, 64, 64))
    assert call("models", "build", "spikeseg", "-o", "spikeseg.pt").code == 0
    given = ("--input", "recording.aedat4", "--window", WINDOW, "--on", "program")
    assert call("run", "spikeseg.pt", *given, "-o", "trace.npz").code == 0
    capsys.readouterr()
    main(["trace.npz", "--model", "spikeseg.pt", "-o", "boxes.json", "--picture", "boxes.svg"])
    drawn, truth = json.loads(Path("boxes.json").read_text("utf-8"))[0], SKY.boxes(WINDOW)[:, 0]
    assert capsys.readouterr().out.count("columns") == sum(map(len, drawn)) >= STEPS / 2
    for step, boxes in enumerate(drawn):
        for box in boxes:
            middle = np.array([box["x0"] + box["x1"], box["y0"] + box["y1"]]) / 2
            assert np.hypot(*(middle - (truth[step][:2] + truth[step][2:]) / 2)) < 4
    assert "<svg" in Path("boxes.svg").read_text("utf-8")


def test_a_silent_run_has_no_boxes_and_still_a_picture() -> None:
    encoder = build(PRESETS["stars"])
    shapes = {"input": (2, 64, 64), "lif1": (4, 64, 64), "lif2": (36, 32, 32), "lif3": (1, 16, 16)}
    silent = Trace({name: Entry(np.zeros((1, 2, *shape), np.uint8)) for name, shape in shapes.items()})
    assert boxes_of(silent, encoder) == [[[], []]]
    assert len(picture(samples_of(silent, encoder)[0], encoder).axes) == 2


def test_traces_of_other_networks_are_refused() -> None:
    with pytest.raises(InputError, match="no lif1 of 4 channels"):
        boxes_of(Trace({"lif1": Entry(np.zeros((1, 2, 3, 8, 8), np.uint8))}), build(PRESETS["stars"]))
