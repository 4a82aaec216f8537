"""The value that every runner is shown: what it holds, what it refuses, and how it is kept in a file."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.stimulus import Origin, Signal, Stimulus

FRAMES = np.arange(12, dtype=np.uint8).reshape(2, 3, 2)


def test_it_reads_like_a_mapping_from_input_to_array() -> None:
    stimulus = Stimulus({"left": FRAMES, "right": FRAMES[..., :1]})
    assert dict(stimulus).keys() == {"left", "right"}
    assert stimulus["right"].shape == (2, 3, 1)
    assert (len(stimulus), stimulus.batch, stimulus.steps) == (2, 2, 3)


def test_one_sample_of_one_input_needs_no_sample_axis() -> None:
    stimulus = Stimulus.of([[0, 1], [1, 0], [1, 1]])
    assert stimulus["input"].shape == (1, 3, 2)


def test_an_input_may_be_called_labels() -> None:
    stimulus = Stimulus({"labels": FRAMES}, np.array([3, 1]))
    assert stimulus["labels"].shape == (2, 3, 2)
    assert stimulus.labels is not None
    assert stimulus.labels.tolist() == [3, 1]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "holds no input"),
        ({"a": np.zeros((2, 0, 1))}, "array 'a' is empty"),
        ({"a": np.zeros(3)}, "array 'a' is empty or holds no real numbers"),
        ({"a": np.zeros((1, 2), complex)}, "holds no real numbers"),
        ({"a": np.array([[["x"]]])}, "holds no real numbers"),
        ({"a": np.full((1, 2, 1), np.nan)}, "array 'a' holds NaN or infinity"),
        ({"a": np.zeros((1, 2, 1)), "b": np.zeros((1, 3, 1))}, "its inputs differ in samples or steps"),
    ],
)
def test_what_no_network_can_be_shown_is_refused(inputs: dict[str, np.ndarray], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Stimulus(inputs)


def test_there_is_one_label_per_sample() -> None:
    with pytest.raises(InputError, match="has 3 labels for 2 samples"):
        Stimulus({"input": FRAMES}, np.arange(3))


def test_an_error_names_the_file_it_came_from() -> None:
    with pytest.raises(InputError, match=r"^eye\.npz: holds no input"):
        Stimulus({}, origin=Origin("file", "eye.npz"))


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Origin(), "given"),
        (Origin("file", "a.npz"), "given"),
        (Origin("recording", "a.aedat4"), "given"),
        (Origin("model", seed=3), "the model's own"),
        (Origin("noise", seed=0, rate=0.1), "seeded noise (10 %)"),
        (Origin("waves", seed=0), "seeded waves"),
    ],
)
def test_an_origin_prints_what_a_report_says(origin: Origin, words: str) -> None:
    assert str(origin) == words


def test_a_file_keeps_all_of_it(tmp_path: Path) -> None:
    signal = Signal(np.linspace(0, 1, 6).reshape(2, 1, 3), np.arange(6).reshape(2, 3, 1))
    saved = Stimulus({"labels": FRAMES, "input": FRAMES}, np.array([3, 1]), signals={"input": signal})
    saved.save(tmp_path / "s.npz")
    read = Stimulus.load(tmp_path / "s.npz")
    assert list(read) == ["labels", "input"]
    assert np.array_equal(read["labels"], FRAMES)
    assert read.labels is not None
    assert read.labels.tolist() == [3, 1]
    assert np.array_equal(read.signals["input"].values, signal.values)
    assert np.array_equal(read.signals["input"].samples, signal.samples)
    assert read.origin == Origin("file", str(tmp_path / "s.npz"))


def test_a_saved_file_holds_one_array_per_input_under_its_name(tmp_path: Path) -> None:
    Stimulus({"input": FRAMES}, np.array([3, 1])).save(tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as file:
        assert np.array_equal(file["input"], FRAMES)
        assert file["labels"].tolist() == [3, 1]


def test_load_refuses_what_save_did_not_write(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", input=FRAMES)
    with pytest.raises(InputError, match=r"plain\.npz: holds arrays, but not what they are"):
        Stimulus.load(tmp_path / "plain.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match=r"text\.npz: not a readable stimulus"):
        Stimulus.load(tmp_path / "text.npz")
    with pytest.raises(InputError, match="there is no such file"):
        Stimulus.load(tmp_path / "gone.npz")


def test_it_prints_in_a_few_lines_and_as_a_table() -> None:
    stimulus = Stimulus({"input": FRAMES}, np.array([3, 1]), Origin("file", "eye.npz"))
    assert repr(stimulus) == "\n".join(
        ["Stimulus of 2 samples, 3 steps: given (eye.npz)", "  input: 2 uint8", "  labels: 2"]
    )
    page = stimulus._repr_html_()
    assert "<table>" in page
    assert "91.67 %" in page, "one of twelve cells is zero"
