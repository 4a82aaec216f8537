"""``c``: what the exported source itself does, built by this machine's compiler, is what the reference does."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.c import TARGET
from neurodeploy.targets.c.runner import run_many

from neurodeploy.bundle import renew_digests
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.errors import CapabilityError, EnvironmentFailureError, InputError, UnavailableError
from neurodeploy.flow import check, export
from neurodeploy.flow.exporting import lower
from neurodeploy.heads import apply_head
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.target import Artifact
from tests.engine.support import differences, reference
from tests.targets.embedded_support import changed, lowered_digits, network, random_cases, random_program, stimulus

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make (Debian: apt-get install make)")
STRICT = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = (*STRICT, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
K = 1024


def digits(options: Mapping[str, str] | None = None) -> Artifact:
    return lowered_digits(TARGET, options)


@needs_compiler
def test_random_programs_under_sanitizers_equal_the_reference_in_everything() -> None:
    cases = random_cases(TARGET, (0, 1, 2, 4))
    assert {case.program.numerics.name for case in cases} >= {"loihi2", "xylo-v2"}
    for trace, case in zip(run_many([case.job for case in cases], SANITIZED), cases, strict=True):
        assert not differences(case.expected, trace)


@needs_compiler
@pytest.mark.parametrize("numerics", ["loihi2", "int32"])
def test_digits_agrees_on_50_images_with_and_without_states(numerics: str) -> None:
    program = lower(network("digits"), TARGET, {"numerics": numerics}).artifact.program
    artifact = TARGET.lower(program, {})
    given = stimulus("digits", None, 50)
    expected = reference(program, given)
    for states in (False, True):
        trace = TARGET.run(artifact, given, states=states)
        assert all(np.array_equal(expected[name].output, trace[name].output) for name in expected.entries)
        assert (trace["lif1"].v is not None) == states
    assert not differences(expected, trace)


@needs_compiler
def test_it_is_the_exported_source_that_runs(tmp_path: Path) -> None:
    bundle = export(network("digits"), TARGET, tmp_path / "digits")
    source = tmp_path / "digits/target/model.c"
    text = source.read_text()
    at = text.index("before > ")
    source.write_text(text[:at] + "before < " + text[at + len("before > ") :])
    renew_digests(bundle.path)
    with pytest.raises(InputError, match=r"model\.c: is not what its program gives"):
        check(bundle.path, stimulus("digits", None, 2))
    report = check(bundle.path, stimulus("digits", None, 2), trust_sources=True)
    assert report.verdict == "diverged"
    first = report.first_divergence
    assert first is not None
    assert first.node == "lif1"


@needs_compiler
@needs_make
def test_a_bundle_built_by_hand_is_still_the_same_bundle(tmp_path: Path) -> None:
    bundle = export(network("digits"), TARGET, tmp_path / "digits")
    subprocess.run(["make", "-C", bundle.path / "target"], check=True, capture_output=True)
    assert (bundle.path / "target" / "model").is_file()
    assert check(bundle.path, stimulus("digits", None, 2), coverage=0).verdict == "agree"


def test_export_needs_no_compiler_and_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = (
        "import hashlib, sys\n"
        "from tests.targets.embedded_support import random_program\n"
        "from neurodeploy.targets.c import TARGET\n"
        "made = [TARGET.lower(random_program(n)[0], {}) for n in range(6)]\n"
        "for each in made:\n"
        "    data = b''.join(name.encode() + data for name, data in sorted(each.files.items()))\n"
        "    print(hashlib.sha256(data).hexdigest())\n"
    )
    told: list[str] = []
    for seed in ("0", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "CC": "no-such-compiler"}
        told.append(subprocess.check_output([sys.executable, "-c", script], env=environment, text=True))
    artifact = TARGET.lower(random_program(0)[0], {})
    own = hashlib.sha256(b"".join(name.encode() + data for name, data in sorted(artifact.files.items()))).hexdigest()
    assert told[0] == told[1]
    assert told[0].split()[0] == own
    assert len(set(told[0].split())) == 6
    one, other = (export(network("digits"), TARGET, tmp_path / name) for name in ("one", "other"))
    assert one.digest == other.digest
    assert sorted(one.artifact.files) == [
        "Makefile",
        "main.c",
        "memory.json",
        "memory.txt",
        "model.c",
        "model.h",
        "model_probe.c",
        "probe.c",
        "probe_host.c",
    ]


def unpacked(artifact: Artifact, folder: Path) -> Path:
    for name, data in artifact.files.items():
        (folder / name).write_bytes(data)
    return folder


def make(folder: Path, *more: str) -> None:
    compiler = find_compiler()
    assert compiler is not None
    subprocess.run(["make", "-s", f"CC={compiler}", *more], cwd=folder, check=True)


@needs_compiler
def test_the_example_prints_the_raster_and_the_class(tmp_path: Path) -> None:
    artifact = digits()
    folder = unpacked(artifact, tmp_path)
    make(folder, "CFLAGS=-O1 -fsanitize=address,undefined -fno-sanitize-recover=all")
    given = stimulus("digits", None, 3)
    expected = reference(artifact.program, given)
    post = artifact.program.host.post
    assert post is not None
    for sample, images in enumerate(given["input"]):
        np.savetxt(folder / "stimulus.txt", images.reshape(len(images), -1), fmt="%.17g")
        printed = subprocess.check_output(["./model", "stimulus.txt"], cwd=folder, text=True)
        (folder / "raster.txt").write_text(printed)
        raster = np.loadtxt(folder / "raster.txt", dtype=int, ndmin=2)
        assert np.array_equal(raster, expected["lif4"].output[sample].reshape(len(images), -1))
        assert f"# class {apply_head(post, expected)[sample]}\n" in printed


@needs_compiler
@pytest.mark.parametrize("text", ["1 2 3", "x", "nan " * 64, "1 " * 63 + "inf"])
def test_the_example_refuses_what_is_no_stimulus(tmp_path: Path, text: str) -> None:
    folder = unpacked(digits(), tmp_path)
    make(folder, "CFLAGS=-O0")
    done = subprocess.run(["./model"], cwd=folder, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "64 finite numbers per step" in done.stderr
    assert subprocess.run(["./model", "missing"], cwd=folder, capture_output=True, check=False).returncode == 1


@needs_compiler
def test_every_example_of_random_programs_compiles_without_a_warning(tmp_path: Path) -> None:
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(unpacked(TARGET.lower(random_program(number)[0], {}), folder), "CFLAGS=-O0")


def test_digits_fits_the_memory_of_a_small_microcontroller() -> None:
    notes = digits({"flash": "256k", "ram": "64k"}).notes
    assert any(note.startswith("flash: at most ") for note in notes)


def test_what_does_not_fit_is_refused_with_the_numbers() -> None:
    with pytest.raises(CapabilityError) as caught:
        digits({"flash": "40k", "ram": "8K", "numerics": "loihi2"})
    flash, ram = caught.value.findings
    assert "bytes of flash (constants 43428, code at most " in flash.message
    assert f", {40 * K} are given; most is taken by lif3 " in flash.message
    assert "bytes of RAM (context 10164, a step's arrays 154, stack at most " in ram.message
    assert f", {8 * K} are given; most is taken by lif1 5120, lif2 2560" in ram.message
    assert digits({"flash": "1M"}).files == digits({"flash": str(K * K)}).files


@pytest.mark.parametrize("text", ["x", "1.5k", "-4k", "0", "4g", "k", "4 k", "9" * 20])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no size of a memory"):
        digits({"flash": text})


def test_without_a_compiler_it_exports_and_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    artifact = digits()
    assert TARGET.available() is not None
    with pytest.raises(UnavailableError, match="no C compiler"):
        TARGET.run(artifact, stimulus("digits", None, 1))


BREAKS = {
    "crashes": ("*(volatile int *)0 = 1;", "was killed by SIG"),
    "leaves": ("exit(3);", "ended with code 3"),
    "stops early": ("exit(0);", "bytes of record, not"),
    "hangs": ("for (;;) {}", "did not finish within 2 s"),
    "does not compile": ("syntax error", "error"),
}


@needs_compiler
@pytest.mark.parametrize("how", BREAKS)
def test_source_that_fails_is_told_apart_and_leaves_nothing(
    how: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = BREAKS[how]
    step = "void model_reset(model_context *c) {\n"
    broken = changed(digits(), "model.c", step, f"{step}  {code}\n")
    broken = changed(broken, "model.c", "#include", "#include <stdlib.h>\n#include")
    if how == "hangs":
        monkeypatch.setenv("NEURODEPLOY_WORKER_TIMEOUT", "2")
    with pytest.raises(EnvironmentFailureError, match=told):
        TARGET.run(broken, stimulus("digits", None, 1))
    assert list(temporary.iterdir()) == []


@needs_compiler
def test_nothing_is_left_behind(temporary: Path) -> None:
    TARGET.run(digits(), stimulus("digits", None, 1))
    assert list(temporary.iterdir()) == []


def test_a_limit_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_WORKER_TIMEOUT", "soon")
    with pytest.raises(InputError, match="'soon' is no number of seconds"):
        TARGET.run(digits(), stimulus("digits", None, 1))


def test_a_prefix_names_the_files_and_functions() -> None:
    artifact = digits({"prefix": "net"})
    assert "int net_quantize_input(const double *values, uint8_t *sent);" in artifact.files["net.h"].decode()
    with pytest.raises(InputError, match="no C identifier"):
        digits({"prefix": "../x"})
    for prefix in ("main", "probe", "x" * 300):
        with pytest.raises(InputError, match="use another name"):
            digits({"prefix": prefix})


@needs_compiler
def test_names_that_no_comment_may_hold_come_to_no_harm(tmp_path: Path) -> None:
    name = '/* ??/ \\ */ int x = "\n; é'
    ones = Projection("p", name, name + "2", "dense", np.ones((2, 2), dtype=np.int64))
    neurons = Population(name + "2", (2,), threshold=1)
    program = Program(LOIHI2, (Input(name, (2,)),), (neurons,), (ones,), (name + "2",))
    make(unpacked(TARGET.lower(program, {}), tmp_path))


HANGING = """
import sys
import time
from neurodeploy.targets.c import TARGET
from tests.targets.embedded_support import changed, random_program
program, stimulus = random_program(0)
start = "void model_reset(model_context *c) {\\n"
TARGET.run(changed(TARGET.lower(program, {}), "model.c", start, start + "for (;;) {}\\n"), stimulus)
"""


@needs_compiler
def test_what_it_started_does_not_outlive_it_even_if_it_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", HANGING], env=environment, cwd=Path(__file__).parents[2])
    while not list(tmp_path.glob("*/job")) or not list(tmp_path.glob("*/probe")):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)
    process.kill()
    process.wait()
    for _ in range(500):
        if not list(tmp_path.iterdir()):
            break
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []
