"""Pictures and files."""

import json

import numpy as np
import pytest

from neurodeploy.encoding import Encoded, Population, StepForward, coder_json, picture
from neurodeploy.encoding.files import read_signal, write_signal
from neurodeploy.errors import InputError
from tests.encoding.signals import draw

X = draw(2, 3, 90)


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_picture_twice(tmp_path, kind):
    pytest.importorskip("matplotlib", reason="drawing needs the extra plot")
    spikes = StepForward(0.1).encode(X)
    for name in "ab":
        picture(X, spikes, StepForward(0.1).decode(spikes, X[:, 0]), tmp_path / f"{name}.{kind}")
    assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_picture_shows_signal_reconstruction_and_every_spike():
    pytest.importorskip("matplotlib", reason="drawing needs the extra plot")
    coder = StepForward(0.2)
    spikes = coder.encode(X)
    panels = picture(X, spikes, coder.decode(spikes, X[:, 0])).axes
    assert len(panels) == 6
    for n in range(3):
        np.testing.assert_array_equal(panels[2 * n].lines[0].get_ydata(), X[n])
        drawn = [len(each.get_segments()) for each in panels[2 * n + 1].collections]
        assert drawn == [np.count_nonzero(spikes[n] == sign) for sign in (1, -1)]
    coder = Population(4).fit(X[0])
    panels = picture(X[0], coder.encode(X[0])).axes
    assert len(panels[1].collections[0].get_segments()) == coder.encode(X[0]).sum()
    assert len(picture(draw(1, 12, 20), np.zeros((12, 20))).axes) == 16


@pytest.mark.parametrize(("signals", "channels"), [(1, 2), (1, 20), (2, 60), (8, 64)])
def test_between_the_spikes_of_neighboring_channels_there_is_room(signals, channels):
    """Every channel fires at every step: marks at the height of each channel, nothing but paper half-way between."""
    canvas = pytest.importorskip("matplotlib.backends.backend_agg", reason="drawing needs the extra plot")
    figure = picture(np.zeros((signals, 30)), np.ones((signals * channels, 30)))
    figure.set_dpi(120)
    drawn = canvas.FigureCanvasAgg(figure)
    drawn.draw()
    pixels = np.asarray(drawn.buffer_rgba())[::-1, :, :3]
    for panel in figure.axes[1::2]:
        left, right = (int(panel.transData.transform((at, 0))[0]) for at in (1, 28))

        def paper(height, panel=panel, left=left, right=right):
            return (pixels[int(panel.transData.transform((0, height))[1]), left:right] > 250).all()

        assert not any(paper(channel) for channel in range(channels))
        assert all(paper(channel + 0.5) for channel in range(channels - 1))


def test_what_does_not_belong_together_is_not_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="drawing needs the extra plot")
    for signal, spikes, path in ((X, X[:2], None), (X[None], X[None], None), (X, X, tmp_path / "a.bmp")):
        with pytest.raises(InputError):
            picture(signal, spikes, path=path)
    assert list(tmp_path.iterdir()) == []


def test_spikes_keep_their_coder(tmp_path):
    coder = StepForward((0.1, 0.2, 0.3))
    Encoded(coder.encode(X), coder, X[:, 0]).save(tmp_path / "s.npz")
    again = Encoded.load(tmp_path / "s.npz")
    assert again.coder == coder
    np.testing.assert_array_equal(again.decode(), coder.decode(coder.encode(X), X[:, 0]))
    whole = (tmp_path / "s.npz").read_bytes()
    for damaged in (whole[:-40], whole[: len(whole) // 2], b""):
        (tmp_path / "d.npz").write_bytes(damaged)
        with pytest.raises(InputError, match="holds no encoded signal"):
            Encoded.load(tmp_path / "d.npz")
    np.savez(tmp_path / "k.npz", spikes=X, initial=X, coder=np.array(json.dumps({**coder_json(coder), "kind": "x"})))
    with pytest.raises(InputError, match="names no coder"):
        Encoded.load(tmp_path / "k.npz")


@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4\n", "1;2\r\n3;4\r\n", "1\t2\n\n3\t4", "\ufeff1, 2\n3, 4\n"])
def test_tables(tmp_path, text):
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_signal(tmp_path / "x.csv"), [[1, 3], [2, 4]])


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.npz"])
def test_what_is_written_is_read(tmp_path, name):
    for signal in (X, X[0]):
        write_signal(tmp_path / name, signal)
        np.testing.assert_array_equal(read_signal(tmp_path / name).astype(np.float32), signal)
    if name == "x.csv":
        with pytest.raises(InputError, match="no room for a batch"):
            write_signal(tmp_path / name, X[None])
