"""Which instruction set is chosen, how compilers are told of it, and what zig needs beside."""

import platform
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.codegen.machine import AVX2, AVX512, BASELINE, MACHINES, Machine
from neurodeploy.conformance import generate
from neurodeploy.engine import compiler, prepare, processor, run_compiled
from neurodeploy.engine.compiler import Compiler, find_compiler, library_flags, trusted, zig_compiler
from neurodeploy.engine.processor import features, this_machine
from neurodeploy.engine.sources import input_sources
from neurodeploy.errors import InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Program
from neurodeploy.reference.program_runner import run_program

from .support import differences
from .toolchains import NO_ZIG

GCC, ZIG = Compiler(("gcc",), "gcc"), Compiler(("zig", "cc"), "zig", zig=True, clang=True)
CLANG = Compiler(("clang",), "clang", clang=True)
needs_zig = pytest.mark.skipif(zig_compiler() is None, reason=NO_ZIG)


def has(flags: frozenset[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "features", lambda: flags)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_the_widest_that_the_processor_has_is_chosen(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEURODEPLOY_MACHINE", raising=False)
    has(frozenset((*AVX2.needs, *machine.needs)) if machine is not BASELINE else frozenset({"sse2"}), monkeypatch)
    assert this_machine() is machine
    if machine.needs:
        has(frozenset(machine.needs[1:]), monkeypatch)
        assert this_machine() is BASELINE


def test_another_is_chosen_on_request_but_none_that_would_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    has(frozenset(AVX2.needs), monkeypatch)
    for machine in (AVX2, BASELINE):
        monkeypatch.setenv("NEURODEPLOY_MACHINE", machine.name)
        assert this_machine() is machine
    monkeypatch.setenv("NEURODEPLOY_MACHINE", "avx512")
    with pytest.raises(InputError, match=r"cannot run avx512 code \(it lacks avx512f, .*avx512_vnni") as caught:
        this_machine()
    assert "avx2 fits" in str(caught.value)
    monkeypatch.setenv("NEURODEPLOY_MACHINE", "sse9")
    with pytest.raises(InputError, match="choose: avx512, avx2, baseline"):
        this_machine()


def test_features_are_read_as_linux_lists_them(tmp_path: Path) -> None:
    about = tmp_path / "cpuinfo"
    about.write_text("processor\t: 0\nvmx flags\t: x\nflags\t\t: fpu avx2 fma\n\nprocessor\t: 1\nflags\t\t: other\n")
    assert features(about) == {"fpu", "avx2", "fma"}
    assert features(tmp_path / "nothing") == frozenset()


def test_flags_name_the_architecture_as_each_compiler_does() -> None:
    assert library_flags(GCC, AVX512)[-3:] == ("-march=x86-64-v4", "-mavx512vnni", "-mavx512vbmi2")
    assert library_flags(GCC, AVX2)[-1] == "-march=x86-64-v3"
    assert not any("-m" in flag for flag in library_flags(GCC, BASELINE))
    assert "-march=x86_64_v4" in library_flags(ZIG, AVX512)
    assert "-march=baseline" in library_flags(ZIG, BASELINE)
    assert not any("native" in flag for each in (GCC, ZIG) for m in MACHINES for flag in library_flags(each, m))


def test_clang_is_not_trusted_with_avx512(monkeypatch: pytest.MonkeyPatch) -> None:
    has(frozenset(need for machine in MACHINES for need in machine.needs), monkeypatch)
    monkeypatch.delenv("NEURODEPLOY_MACHINE", raising=False)
    assert this_machine(trusted(GCC)) is AVX512
    assert this_machine(trusted(CLANG)) is this_machine(trusted(ZIG)) is AVX2
    monkeypatch.setenv("NEURODEPLOY_MACHINE", "avx512")
    assert this_machine(trusted(GCC)) is AVX512
    with pytest.raises(InputError, match=r"clang's code for avx512 writes beyond its arrays(?s:.*)avx2 fits"):
        this_machine(trusted(CLANG))


def test_a_clang_is_known_by_what_its_name_leads_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("clang-19", "gcc-12"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    for name, clang in (("clang-19", True), ("gcc-12", False)):
        (tmp_path / "cc").unlink(missing_ok=True)
        (tmp_path / "cc").symlink_to(name)
        found = find_compiler()
        assert found is not None
        assert found.clang is clang


@pytest.mark.parametrize("command", ["zig cc", "python -m ziglang cc -pipe"])
def test_zig_is_known_by_its_command(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("zig", "python", "gcc"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", command)
    found = find_compiler()
    assert found is not None
    assert found.zig
    assert found.command == (str(tmp_path / command.split()[0]), *command.split()[1:])
    monkeypatch.setenv("CC", "gcc -O1")
    found = find_compiler()
    assert found is not None
    assert not found.zig


def test_ziglang_is_taken_where_no_compiler_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    found = find_compiler()
    assert found == zig_compiler()
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    assert find_compiler() is None


@needs_zig
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_zig_compiles_for_each_and_leaves_nothing_lying_about(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where the user stands nor in a cache folder of its own; and without the system's compiler."""
    if machine is not BASELINE and not features().issuperset(machine.needs):
        pytest.skip(f"this processor lacks {', '.join(sorted(set(machine.needs) - features()))}")
    if machine is not BASELINE and platform.machine() != "x86_64":
        pytest.skip(f"this is no x86-64 processor ({platform.machine()})")
    here, temporary, cache = (tmp_path / name for name in ("here", "tmp", "cache"))
    for folder in (here, temporary, cache):
        folder.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", str(here))
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("NEURODEPLOY_MACHINE", machine.name)
    prepare.loaded.clear()
    case = generate(77, "held", 2)
    trace = run_compiled(case.program, case.stimulus, states=True, compact=False)
    assert trace.meta["engine"] == "compiled"
    assert not differences(run_program(case.program, case.stimulus, states=True), trace)
    assert list(here.iterdir()) == list(temporary.iterdir()) == []
    (made,) = (each for each in cache.rglob("*") if each.is_file())
    assert made.name.endswith(f".{machine.name}.so")


def test_integers_are_quantized_like_the_numbers_they_are() -> None:
    """What takes a short cut gives what the definition gives, for every integer type and quantizer."""
    rng = np.random.default_rng(4)
    for bits in (1, 2, 8, 16, 33, 53, 60):
        for signed in (False, True):
            for scale in (0, 1, -2):
                each = Input("input", (3,), scale, bits, signed)
                made = Program(LOIHI2, (each,), (), ())
                for kind in ("bool", "int8", "uint8", "int16", "uint32", "int64", "uint64", "float32"):
                    low, high = (0, 1) if kind == "bool" else (-300, 300) if kind == "float32" else info(kind)
                    values = rng.integers(low, high, (1, 9, 3), endpoint=True, dtype="int64" if low else "uint64")
                    values = values.astype(kind)
                    sources, _, _ = input_sources(made, {"input": values})
                    found = np.asarray(sources["input"](0, slice(0, 9)))
                    assert np.array_equal(found, each.quantize(values.astype(np.float64))[0]), (bits, signed, kind)


def info(kind: str) -> tuple[int, int]:
    return int(np.iinfo(kind).min), int(np.iinfo(kind).max)
