"""From the file of an event camera to boxes and their picture in one command, and by which weights."""

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.models.spikeseg import PRESETS, EncoderConfig, SpikeSEGEncoder, build
from neurodeploy.models.spikeseg.detection import Decoder, Rule
from neurodeploy.models.spikeseg.fields import HELD_OUT, STEPS, WINDOW, field
from neurodeploy.models.spikeseg.head import HEAD, decoder_of
from neurodeploy.models.spikeseg.network import network
from neurodeploy.models.spikeseg.reference import MODEL
from neurodeploy.models.spikeseg.smash import Box

import neurodeploy as nd
from neurodeploy.errors import InputError
from neurodeploy.frontends.checkpoint import save_checkpoint
from neurodeploy.heads.registry import ChosenHead
from neurodeploy.stimuli import blocks
from neurodeploy.trace import Entry, Trace
from tests.cli.support import call
from tests.events import encoders

SKY = field(HELD_OUT[0], (64, 64))
SMALL = PRESETS["stars"] | {"input": PRESETS["stars"]["input"] | {"shape": [2, 16, 16]}}
NODES = {"input": (2, 16, 16), "lif1": (4, 16, 16), "lif2": (36, 8, 8), "lif3": (1, 4, 4)}


@pytest.mark.skipif(find_spec("faery") is None, reason="faery is not installed (extra: events)")
def test_a_recording_runs_from_its_file_to_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    events = np.concatenate(list(SKY.source().chunks()))
    Path("recording.aedat4").write_bytes(encoders.aedat4(events, 64, 64))
    assert call("models", "build", "spikeseg", "-o", "spikeseg.pt").code == 0
    assert call("export", "spikeseg.pt", "--target", "fixed", "-o", "out").code == 0
    told = ("--input", "recording.aedat4", "--window", WINDOW, "--head", "boxes", "--head-out")
    ran = call("run", "spikeseg.pt", *told, "boxes.json", "--picture", "boxes.svg", "-o", "trace.npz")
    assert ran.code == 0, ran.err
    monkeypatch.setattr(blocks, "open_stimulus", None)  # a recording of which sums are kept is never held whole
    again = call("run", "out", *told, "again.json", "--sums", "--json")
    drawn, truth = json.loads(Path("boxes.json").read_text("utf-8")), SKY.boxes(WINDOW)[:, 0]
    (found,) = drawn["samples"]
    assert (drawn["rung"], drawn["head"], len(found) >= STEPS / 2) == ("network", "boxes", True)
    assert json.loads(Path("again.json").read_text("utf-8"))["samples"] == again.data["task"]["samples"] == [found]
    assert f"{len(found)} boxes" in ran.out
    for box in found:
        middle = np.array([box["x0"] + box["x1"], box["y0"] + box["y1"]]) / 2
        row = truth[box["step"]]
        assert np.hypot(*(middle - (row[:2] + row[2:]) / 2)) < 4
    picture = Path("boxes.svg").read_text("utf-8")
    assert f"{len(found)} boxes in {STEPS} steps" in picture and "saliency" in picture
    assert Trace.load(Path("trace.npz")).steps == STEPS


def head_of(encoder: SpikeSEGEncoder, **settings: float) -> ChosenHead:
    built = network(encoder, SMALL)
    return ChosenHead(HEAD, settings, HEAD.bind(built, settings))


def sparse(steps: int) -> Trace:
    """Spikes and events at random, few in the last layer."""
    draw = np.random.default_rng(3)
    rates = {"input": 0.2, "lif1": 0.3, "lif2": 0.3, "lif3": 0.01}
    entries = {name: draw.random((2, steps, *shape)) < rates[name] for name, shape in NODES.items()}
    return Trace({name: Entry(entry.astype(np.uint8)) for name, entry in entries.items()})


def test_boxes_are_those_of_the_decoder_tied_to_the_network_that_ran() -> None:
    """In chunks, so that memory does not grow with a recording, each is what the whole run gives."""
    trace, drawn = sparse(130), []
    for seed in (0, 1):
        encoder = build(SMALL | {"weights": {"mean": 0.3, "std": 0.3}, "seed": seed})
        value = head_of(encoder, margin=1, share=0.4).read(trace)
        decoder = Decoder.of(encoder, Rule(share=0.4, margin=1))
        samples = [{name: entry.output[n] for name, entry in trace.entries.items()} for n in (0, 1)]
        assert value.values == [decoder.boxes(sample) for sample in samples]
        assert [len(sample) for sample in value.plain] == [sum(map(len, sample)) for sample in value.values]
        assert value.picture(1).alt.endswith(f"right step {decoder.saliency(samples[1]).sum((1, 2)).argmax()} alone")
        drawn.append(value.values)
    assert drawn[0] != drawn[1]


def test_nodes_are_found_by_what_they_are_and_the_margin_follows_the_kernels() -> None:
    build_it = nd.NetworkBuilder(nd.Terms(dt=0.01, fires_at=">="))
    at = build_it.input("camera", (1, 8, 8))
    for n, (channels, side) in enumerate(((2, 3), (3, 5), (1, 7))):
        weight = np.full((channels, build_it.shape(at)[0], side, side), 0.5)
        at = build_it.integrate(f"cells{n}", build_it.conv(f"weights{n}", at, weight, padding=side // 2), 1.0)
        if n < 2:
            at = build_it.max_pool(f"most{n}", at, 2, 2)
    build_it.output("out", at)
    decoder, names = decoder_of(build_it.build())
    assert names == {"input": "camera", "lif1": "cells0", "lif2": "cells1", "lif3": "cells2"}
    assert (decoder.pool, decoder.rule, decoder.kernels["conv1"].shape) == (2, Rule(margin=1), (2, 1, 3, 3))


def test_a_silent_run_has_no_boxes_and_still_a_picture() -> None:
    silent = Trace({name: Entry(np.zeros((1, 2, *shape), np.uint8)) for name, shape in NODES.items()})
    value = head_of(build(SMALL)).read(silent)
    assert value.values == [[[], []]]
    assert (value.plain, value.table.title) == ([[]], "0 boxes")
    assert "0 boxes in 2 steps" in value.picture().alt
    with pytest.raises(InputError, match="there is no sample 1"):
        value.picture(1)


def test_networks_that_are_built_otherwise_are_refused_by_what_differs() -> None:
    build_it = nd.NetworkBuilder(nd.Terms(dt=0.01))
    build_it.output("out", build_it.integrate("cells", build_it.input("lines", (3,)), 0.5))
    with pytest.raises(InputError, match=r"lines \(Input\) feeds cells, not a convolution"):
        decoder_of(build_it.build())
    paper = SpikeSEGEncoder(EncoderConfig.from_paper("spikeseg", 1, 2))
    with pytest.raises(InputError, match="cannot be undone"):
        decoder_of(network(paper, SMALL | {"input": SMALL["input"] | {"shape": [2, 50, 50]}}))


@pytest.mark.parametrize(
    ("told", "code", "problem"),
    [
        (("--head", "boxes", "--head-out", "a.json", "--picture", "a.jpg"), 2, "cannot draw .jpg"),
        (("--head", "spike-count-argmax", "--picture", "a.png"), 2, "a map of 1×4×4 neurons"),
        (("--head-out", "a.json"), 2, "there is no head to write of"),
        (("--picture", "a.png"), 2, "name one: --head NAME"),
        (("--head", "boxes", "--head-out", "a.json", "--picture", "folder.png", "-o", "t.npz"), 6, "a folder stands"),
    ],
)
def test_nothing_is_written_where_something_cannot_be(
    told: tuple[str, ...], code: int, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.png").mkdir()
    save_checkpoint(MODEL, SMALL, build(SMALL), Path("small.pt"))
    ran = call("run", "small.pt", "--steps", "2", *told)
    assert (ran.code, problem in ran.err) == (code, True), ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"folder.png", "small.pt"}


def test_a_picture_without_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(nd.UnavailableError, match=r"neurodeploy\[plot\]"):
        nd.run(network(build(SMALL), SMALL), steps=1, head="boxes", picture=tmp_path / "a.png")
    assert not [*tmp_path.iterdir()]


def test_python_has_it_in_the_trace() -> None:
    trace = nd.run(network(build(SMALL), SMALL), steps=1, on="fixed", head="boxes,margin=0")
    assert trace.task is not None
    assert trace.task.settings == {"margin": 0}
    assert all(isinstance(box, Box) for step in trace.task.values[0] for box in step)
    assert replace(trace, task=None).entries == trace.entries
