"""``encode`` and ``decode`` in Python: the same work as the verbs, on arrays as well as on files."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.encoding import Latency, PulseWidth, Rate, StepForward
from neurodeploy.encoding.deployed import deploy, read_deployed
from neurodeploy.errors import InputError
from neurodeploy.flow.encoding import decode, encode
from neurodeploy.streams import build_stream

T = np.arange(200)
SIGNAL = np.stack([np.sin(T / 9), 3 * np.cos(T / 17)]).astype(np.float32)


def test_an_array_is_encoded_with_a_method_and_its_parameters() -> None:
    result = encode(SIGNAL, "step-forward", {"threshold": (0.1, 0.3)})
    coder = StepForward((0.1, 0.3))
    assert result.coder == coder
    np.testing.assert_array_equal(result.spikes, coder.encode(SIGNAL))
    np.testing.assert_array_equal(decode(result), coder.decode(result.spikes, SIGNAL[:, 0]))


def test_a_coder_serves_instead_of_a_method_and_parameters_replace_its_own() -> None:
    assert encode(SIGNAL, coder=PulseWidth(80)).coder == PulseWidth(80).fit(SIGNAL)
    assert encode(SIGNAL, parameters={"frequency": 90}, coder=PulseWidth(80)).coder == PulseWidth(90).fit(SIGNAL)


def test_nothing_is_written_unless_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("signal.npy", SIGNAL)
    result = encode("signal.npy", parameters={"threshold": 0.1})
    assert sorted(tmp_path.iterdir()) == [tmp_path / "signal.npy"]
    assert set(result.files.values()) == {None}
    encode("signal.npy", parameters={"threshold": 0.1}, out="s.npz", save_encoder="encoder.json", bits=8)
    np.testing.assert_array_equal(decode("s.npz", "back.npy"), decode(result))
    np.testing.assert_array_equal(np.load("back.npy"), decode(result))
    assert read_deployed(Path("encoder.json")).bits == 8


def test_random_trains_follow_the_seed() -> None:
    first, same, another = (encode(SIGNAL, coder=Rate(method="poisson"), seed=seed).spikes for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != another).any()


def test_measures_are_those_of_the_reconstruction_and_without_an_inverse_the_density_alone() -> None:
    result = encode(SIGNAL, parameters={"threshold": 0.1})
    error = decode(result) - SIGNAL
    assert result.measures["mse"] == pytest.approx(np.mean(np.square(error, dtype=np.float64)))
    assert result.measures["density"] == np.count_nonzero(result.spikes) / SIGNAL.size
    assert list(encode(SIGNAL, coder=Latency(order="rank")).measures) == ["density"]


def test_a_result_is_short_at_a_prompt_and_a_table_in_a_notebook() -> None:
    result = encode(SIGNAL, parameters={"threshold": (0.1, 0.3)})
    spikes = np.count_nonzero(result.spikes)
    assert repr(result) == f"Encoding(step-forward, signal 2×200, {spikes} spikes)"
    shown = result._repr_html_()
    assert all(text in shown for text in ("step-forward", "0.1, 0.3", "2×200", f"<td>{spikes}</td>", "density"))
    assert repr(StepForward(tuple(range(1, 9)))) == "StepForward(threshold=(1, 2, 3, 4, ... 8), bipolar=True)"
    assert "step-forward coder" in StepForward()._repr_html_()
    assert repr(result.encoded).startswith(f"Encoded({spikes} spikes 2×200, StepForward(")
    deployed = deploy(StepForward(0.1), SIGNAL, 8)
    assert repr(deployed).startswith(
        "DeployedEncoder(StepForward(threshold=0.1, bipolar=True), samples of 8 bits from ("
    )
    assert "8 bits" in deployed._repr_html_()
    assert repr(build_stream(deployed, 2)) == "Stream(step-forward, 2 signals of 8 bits, 4 channels)"


def test_tuning_says_what_it_reached() -> None:
    pytest.importorskip("optuna", reason="optuna is not installed (extra: optimize)")
    tuned = StepForward().optimize(SIGNAL[0], ["mse", "density"], trials=5)
    assert repr(tuned).startswith("Tuned(StepForward(") and "5 trials" in repr(tuned)
    assert '<th class="r">density</th>' in tuned._repr_html_()


def test_what_contradicts_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is for --optimize"):
        encode(SIGNAL, objective="mae")
    with pytest.raises(InputError, match=r"is no \.npz"):
        encode(SIGNAL, out="spikes.csv")
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(InputError, match="cannot read the coder"):
        encode(SIGNAL, coder=tmp_path / "list.json")
