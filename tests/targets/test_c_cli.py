"""The command line with ``c`` and ``cortex-m``: what it lists, what it writes, and every exit code they add."""

import json
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.c.runner import available as compiler
from neurodeploy.targets.cortex_m.runner import available as emulator

from neurodeploy.network.file import write_network
from neurodeploy.trace import Trace
from tests.cli.support import call, refused, small_network

needs_compiler = pytest.mark.skipif(compiler() is not None, reason=f"{compiler()} (Debian: apt-get install gcc)")
needs_tools = pytest.mark.skipif(emulator() is not None, reason=str(emulator()))


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_network(small_network(), Path("small.nir"))
    return Path("small.nir")


def test_targets_lists_both_with_their_options() -> None:
    listed = call("targets", "--json").data
    assert {"c", "cortex-m"} <= listed.keys()
    told = call("targets").out
    assert "flash= ram= prefix=model" in told
    assert "machine=mps2-an386 flash=4M ram=4M prefix=model" in told


def test_export_writes_the_source_and_says_what_it_takes(model: Path) -> None:
    result = call("export", model, "--target", "c", "-o", "out", "-O", "flash=8k", "-O", "ram=2k")
    assert result.code == 0
    assert "flash: at most " in result.out
    for name in ("model.c", "model.h", "main.c", "Makefile", "memory.txt", "memory.json"):
        assert (Path("out/target") / name).is_file()
    memory = json.loads(Path("out/target/memory.json").read_text())
    assert f"at most {memory['flash']['total']} bytes" in result.out


@pytest.mark.parametrize("target", ["c", "cortex-m"])
def test_3_what_does_not_fit(model: Path, target: str) -> None:
    told = refused("export", model, "--target", target, "-O", "flash=1k", "-O", "ram=100", code=3)
    assert "bytes of flash" in told
    assert "1024 are given" in told
    assert "bytes of RAM" in told
    assert "100 are given" in told
    assert not Path(f"small.{target}").exists()


@pytest.mark.parametrize(
    "option", ["flash=much", "ram=-1", "machine=pc", "prefix=1st", "prefix=Makefile", "prefix=stdint"]
)
def test_2_options_that_say_nothing(model: Path, option: str) -> None:
    name = option.partition("=")[0]
    assert name in refused("export", model, "--target", "cortex-m", "-O", option)


def test_4_no_compiler(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert call("export", model, "--target", "c").code == 0
    for verb in (("run", "small.c"), ("check", "small.c"), ("check", model, "--target", "c")):
        assert "no C compiler was found" in refused(*verb, code=4)


COMPILERS = {
    "fails": ("echo unit.c:1: no room >&2; exit 3", "no room", "remedy: set CC to a working C compiler"),
    "hangs": ("kill -STOP $$", "did not finish within 1 s", "give it more time (NEURODEPLOY_CC_TIMEOUT)"),
    "makes nothing": ("exit 0", "some-cc: ", "remedy: "),
    "makes what does not run": ('while [ "$1" != -o ]; do shift; done; echo no >"$2"; chmod +x "$2"', "", "remedy: "),
}


@pytest.mark.parametrize("target", ["c", "fixed"])
@pytest.mark.parametrize("how", COMPILERS)
def test_6_a_compiler_that_does_not_do_its_work(
    model: Path, target: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    does, told, remedy = COMPILERS[how]
    compiler = tmp_path / "some-cc"
    compiler.write_text(f"#!/bin/sh\n{does}\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setenv("NEURODEPLOY_CC_TIMEOUT", "1" if how == "hangs" else "20")
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path / "home"))
    assert call("export", model, "--target", target).code == 0
    for verb in ("run", "check"):
        said = refused(verb, f"small.{target}", code=6)
        assert told in said
        assert remedy in said


def test_4_no_emulator(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert call("export", model, "--target", "cortex-m").code == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    told = refused("run", "small.cortex-m", code=4)
    assert "apt-get install gcc-arm-none-eabi qemu-system-arm" in told


@needs_compiler
@pytest.mark.parametrize("states", [(), ("--states",)])
def test_run_writes_the_trace(model: Path, states: tuple[str, ...]) -> None:
    call("export", model, "--target", "c")
    assert call("run", "small.c", "-o", "c.npz", *states).code == 0
    assert call("run", "small.c", "--on", "program", "-o", "program.npz", *states).code == 0
    ran, expected = Trace.load(Path("c.npz")), Trace.load(Path("program.npz"))
    assert expected["hidden"].output.any()
    for name, entry in expected.entries.items():
        for key in ("output", "u", "v", "v_before"):
            a, b = getattr(entry, key), getattr(ran[name], key)
            assert (a is None and b is None) or np.array_equal(a, b)


@needs_tools
@needs_compiler
def test_check_climbs_to_both_and_counts_instructions(model: Path) -> None:
    result = call("check", model, "--target", "c", "--target", "cortex-m")
    assert result.code == 0
    assert "program → c  agree  exact" in result.out
    assert "program → cortex-m  agree  exact" in result.out
    assert "instructions on average" in result.out
    rungs = call("check", model, "--target", "cortex-m", "--json").data["rungs"]
    assert rungs[-1]["verdict"] == "agree"
