"""Targets and models that others install: found by their entry points, judged by what they declare."""

import importlib
import shutil
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.capabilities import Capabilities
from neurodeploy.errors import CannotRepresentError, CapabilityError, InputError, UnavailableError
from neurodeploy.finding import Finding
from neurodeploy.flow import check, export, lower, run
from neurodeploy.model import find_model, installed_models
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.plugin import plugin_names
from neurodeploy.target import (
    Option,
    Target,
    check_capabilities,
    check_options,
    find_target,
    installed_targets,
    target_names,
)
from tests.cli.support import call, refused, small_network

TOOLED = ("loihi-sim", "c", "cortex-m")
CHIP = """
from dataclasses import replace
from neurodeploy.capabilities import Capabilities
from neurodeploy.finding import Finding
from neurodeploy.numerics import INT32
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Artifact, Option, Target

def lower(program, options):
    size = sum(p.weights.size for p in program.projections)
    return Artifact(program, {"core.txt": f"speed {options['speed']}, {size} weights".encode()}, notes=("one core",))

def run(artifact, stimulus, *, states=False, drive=None):
    assert artifact.files["core.txt"].startswith(b"speed")
    return run_program(artifact.program, stimulus, states, drive)

def few_neurons(program):
    return [
        Finding("too-many", "error", p.name, f"{p.size} neurons, the limit is 100", "use fewer")
        for p in program.populations if p.size > 100
    ]

CHIP = Target("chip", "a chip of somebody else", INT32, Capabilities(), lower, run, (few_neurons,),
              (Option("speed", "slow", "how fast it runs"),))
BOARD = replace(CHIP, name="board", available=lambda: "no board is connected")
def fall(): raise OSError("the bus fell off")
SHAKY = replace(CHIP, name="shaky", available=fall)
"""

NET = """
import numpy as np, torch, norse.torch
from neurodeploy.model import ReferenceModel
from neurodeploy.stimulus import Stimulus

def build(config):
    torch.manual_seed(4)
    return torch.nn.Sequential(torch.nn.Linear(3, config["size"]), norse.torch.IAFCell())

def stimulus(config, steps, samples, seed):
    noise = np.random.default_rng(seed).random((samples or 1, steps or 20, 3)) < 0.5
    return Stimulus({"input": noise.astype(np.float32)})

MODEL = ReferenceModel("tiny", "a network of somebody else",
    {"p": {"size": 4, "input": {"shape": [3], "low": 0, "high": 1, "dt": 1e-3, "grid": 1}}}, build, stimulus)
"""

ENTRIES = """[neurodeploy.targets]
chip = their_chip:CHIP
board = their_chip:BOARD
shaky = their_chip:SHAKY
misnamed = their_chip:CHIP
number = their_chip:lower
broken = their_broken_chip:TARGET
absent = not_installed_anywhere:TARGET

[neurodeploy.models]
tiny = their_net:MODEL
broken-net = their_broken_chip:MODEL
no-net = their_net:build
"""


@pytest.fixture
def plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution as pip would install it: modules, metadata and entry points in a folder on the path."""
    site = tmp_path / "site"
    about = site / "their_plug_ins-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-plug-ins\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    (site / "their_chip.py").write_text(CHIP)
    (site / "their_net.py").write_text(NET)
    (site / "their_broken_chip.py").write_text("raise RuntimeError('their library is too old')\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    yield site
    for name in [name for name in sys.modules if name.startswith("their_")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("plug_ins")
def test_a_plug_in_is_a_target_like_any_other() -> None:
    assert find_target("chip").summary == "a chip of somebody else"
    bundle = export(small_network(), "chip", "b", {"speed": "fast"})
    assert Path("b/target/core.txt").read_text() == "speed fast, 20 weights"
    assert bundle.artifact.notes == ("one core",)
    assert bundle.program.numerics == INT32
    assert check("b", allow_same_code=True).verdict == "agree"
    assert run("b").meta["rung"] == "chip"
    assert call("check", "b", "--allow-same-code").code == 0


@pytest.mark.usefixtures("plug_ins")
def test_targets_are_listed_with_the_reason_why_they_cannot_be_used() -> None:
    reasons = {name: each.reason for name, each in installed_targets().items()}
    assert reasons["chip"] is None
    assert reasons["fixed"] is None
    assert reasons["board"] == "no board is connected"
    assert reasons["shaky"] == "its own check fails: OSError: the bus fell off"
    assert reasons["broken"] == "its plug-in fails to import: RuntimeError: their library is too old"
    assert "No module named 'not_installed_anywhere'" in reasons["absent"]
    assert reasons["misnamed"] == "its plug-in gives a value of another name, 'chip'"
    assert reasons["number"] == "its plug-in gives a function, not a Target"
    data = call("targets", "--json").data
    assert {name: each["reason"] for name, each in data.items()} == reasons
    assert data["chip"]["options"] == {"speed": {"default": "slow", "help": "how fast it runs"}}
    shown = " ".join(call("targets").out.split())
    assert "their library is too old" in shown
    assert "speed=slow" in shown


@pytest.mark.usefixtures("plug_ins")
@pytest.mark.parametrize("name", ["broken", "absent", "misnamed", "number"])
def test_a_broken_target_is_unavailable(name: str) -> None:
    with pytest.raises(UnavailableError, match=f"target {name} cannot be used"):
        export(small_network(), name, "b")
    assert f"target {name} cannot be used" in refused("targets", "install", name, code=4)


@pytest.mark.usefixtures("plug_ins")
@pytest.mark.parametrize("name", ["board", "shaky"])
def test_a_target_that_cannot_run_here_still_exports(name: str) -> None:
    export(small_network(), name, "b")
    for verb in (("run", "b"), ("check", "b")):
        assert f"target {name} cannot run here" in refused(*verb, code=4)
    assert run("b", on="program").meta["rung"] == "program"


@pytest.mark.usefixtures("plug_ins")
def test_what_can_never_run_on_a_target_is_not_told_to_install_it_first() -> None:
    """The bundle's integers are made for other numerics than the board's, which is not there either."""
    export(small_network(), "fixed", "b")
    for verb in (("run", "b", "--on", "board"), ("check", "b", "--target", "board")):
        message = refused(*verb, code=3)
        assert "target board: cannot carry this network" in message
        assert "no board is connected" not in message


@pytest.mark.usefixtures("plug_ins")
def test_a_bundle_whose_target_is_gone(plug_ins: Path) -> None:
    export(small_network(), "chip", "b")
    shutil.rmtree(plug_ins / "their_plug_ins-1.0.dist-info")
    assert "b: is made for the target 'chip', which is not installed" in refused("check", "b", code=4)
    assert call("run", "b", "--on", "program").code == 0
    assert call("inspect", "b").code == 0


def test_entry_points_are_read_again_only_where_packages_came_or_went(
    plug_ins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr("neurodeploy.plugin.entry_points", lambda: read.append(1) or entry_points())
    assert {name for _ in range(5) for name in target_names()} >= {"chip", "fixed"}
    assert plugin_names("neurodeploy.models") and len(read) <= 1
    (plug_ins / "more-1.0.dist-info").mkdir()
    (plug_ins / "more-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1.0\n")
    (plug_ins / "more-1.0.dist-info" / "entry_points.txt").write_text(
        "[neurodeploy.targets]\nmore = their_chip:BOARD\n"
    )
    assert "more" in target_names()
    shutil.rmtree(plug_ins / "more-1.0.dist-info")
    assert "more" not in target_names()
    monkeypatch.setattr("sys.path", [folder for folder in sys.path if folder != str(plug_ins)])
    assert "chip" not in target_names() and "fixed" in target_names()


def test_two_packages_of_one_name_are_told(plug_ins: Path) -> None:
    other = plug_ins / "rival-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[neurodeploy.targets]\nchip = their_chip:BOARD\n")
    importlib.invalidate_caches()
    with pytest.raises(UnavailableError, match=r"several packages register it: .*their_chip:BOARD"):
        find_target("chip")


@pytest.mark.usefixtures("plug_ins")
def test_targets_nobody_asked_for_are_left_out_with_their_reason() -> None:
    """A ladder of one program: targets of other numerics are named, those asked for must run."""
    report = check(small_network())
    assert [rung.target for rung in report.rungs] == ["program", "fixed"]
    assert report.verdict == "agree"
    assert "made for loihi2 numerics, the target runs int32" in report.not_run["chip"]
    assert "made for loihi2 numerics, the target runs int32" in report.not_run["board"]
    assert check(small_network(), options={"numerics": "int32"}).not_run["board"] == "no board is connected"
    assert [rung.target for rung in check(small_network(), targets=["chip"]).rungs] == ["program", "chip"]
    for targets in (["chip", "fixed"], ["fixed", "chip"]):  # what one has by default, the other has too
        assert [rung.target for rung in check(small_network(), targets=targets).rungs] == ["program", *targets]
    with pytest.raises(CannotRepresentError, match="chip: int32, loihi-sim: loihi2"):
        check(small_network(), targets=["chip", "loihi-sim"])


@pytest.fixture(autouse=True)
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Targets that need tools of their own are tested elsewhere; here it is as if none were installed."""
    from neurodeploy import target

    real = target.unavailable
    monkeypatch.setattr(target, "unavailable", lambda each: "not here" if each.name in TOOLED else real(each))


@pytest.mark.usefixtures("plug_ins")
def test_a_model_of_somebody_else() -> None:
    found = installed_models()
    assert {"tiny", "digits", "spikeseg", "spikingrx"} <= found.keys()
    assert found["broken-net"] == "its plug-in fails to import: RuntimeError: their library is too old"
    assert found["no-net"] == "its plug-in gives a function, not a ReferenceModel"
    assert call("models", "build", "tiny", "--stimulus", "s.npz", "-q").code == 0
    with np.load("s.npz") as file:
        assert file["input"].shape == (1, 20, 3)
    assert call("check", "tiny.pt", "--target", "fixed", "--input", "s.npz", "--batch", "--budget", "0").code == 0
    assert "its plug-in fails to import" in refused("models", "build", "broken-net", code=4)
    with pytest.raises(InputError, match=r"choose one of: .*tiny"):
        find_model("nobody")
    data = call("models", "--json").data
    assert data["broken-net"] == {"available": False, "reason": found["broken-net"]}
    assert data["tiny"] == {"available": True, "summary": "a network of somebody else", "presets": ["p"]}


NARROW = Capabilities(
    populations=frozenset({"li"}),
    projections=frozenset({"conv2d"}),
    resets=frozenset({"subtract"}),
    compares=frozenset({">="}),
)


def narrow(**change: object) -> Target:
    return replace(find_target("fixed"), name="narrow", **change)


def test_capability_errors_list_every_violation_at_once() -> None:
    always = Finding("rule", "error", "readout", "is forbidden by a rule", "ask")
    target = narrow(capabilities=NARROW, rules=(lambda program: [always],))
    with pytest.raises(CapabilityError) as caught:
        lower(small_network(), target)
    found = {(finding.node, finding.message) for finding in caught.value.findings}
    for node in ("hidden", "readout"):
        assert (node, "population kind cuba-lif is not supported") in found
        assert (node, "reset zero is not supported") in found
        assert (node, "comparison > is not supported") in found
    assert ("fc1", "projection kind dense is not supported") in found
    assert ("readout", "is forbidden by a rule") in found
    told = str(caught.value)
    assert all(str(finding) in told for finding in caught.value.findings)
    assert told.startswith("target narrow: cannot carry this network (9 violations)")


def test_a_violation_exits_with_3_and_writes_nothing(plug_ins: Path) -> None:
    build = NetworkBuilder()
    at = build.linear("fc", build.input("input", (2,)), np.ones((101, 2)))
    build.output("output", build.integrate("cells", at, 1.0))
    write_network(build.build(), Path("wide.nir"))
    told = refused("export", "wide.nir", "--target", "chip", "-o", "b", code=3)
    assert "target chip: cannot carry this network (1 violation)" in told
    assert "error[too-many] cells: 101 neurons, the limit is 100 (remedy: use fewer)" in told
    assert not Path("b").exists()


def test_graded_messages_need_the_capability() -> None:
    network = small_network(values=InputRange(0.0, 1.0, 0.25, declared=True))
    target = narrow(capabilities=Capabilities(graded_messages=False))
    with pytest.raises(CapabilityError, match="graded messages are not supported"):
        lower(network, target)
    lower(small_network(), target)


def test_integers_of_another_machine_are_refused() -> None:
    program = lower(small_network(), narrow(numerics=INT32)).artifact.program
    loihi = narrow(numerics=LOIHI2, numerics_choices=())
    with pytest.raises(CapabilityError, match="made for int32 numerics, the target runs loihi2"):
        check_capabilities(loihi, program)


def test_warnings_do_not_refuse() -> None:
    warning = Finding("slow", "warning", "hidden", "is slow")
    lowered = lower(small_network(), narrow(rules=(lambda program: [warning],)))
    assert lowered.findings == (warning,)
    assert lowered.artifact.findings == (warning,)


def test_options_have_defaults_and_unknown_ones_are_named() -> None:
    target = narrow(options=(Option("speed", "slow", ""), Option("mode", "a", "")))
    assert check_options(target, {"mode": "b"}) == {"speed": "slow", "mode": "b"}
    with pytest.raises(InputError, match=r"has no option 'sped'\n  remedy: did you mean speed\? it has: speed, mode"):
        check_options(target, {"sped": "fast"})
