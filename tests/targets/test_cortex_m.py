"""``cortex-m``: firmware under QEMU does, step for step, what the reference does."""

import json
import os
import struct
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.cortex_m import TARGET
from neurodeploy.targets.cortex_m.board import BOARDS
from neurodeploy.targets.cortex_m.load import Load, load_of_files
from neurodeploy.targets.cortex_m.lower import board_of
from neurodeploy.targets.cortex_m.runner import available, execute, run_many

from neurodeploy.embedded.files import deploy
from neurodeploy.embedded.job import job
from neurodeploy.errors import CapabilityError, EnvironmentFailureError, InputError, UnavailableError
from neurodeploy.flow.exporting import lower
from neurodeploy.target import Artifact
from tests.engine.support import differences, reference
from tests.targets.embedded_support import changed, lowered_digits, network, random_program, stimulus

M7 = BOARDS["mps2-an500"]
REASON = available()
needs_tools = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def digits(options: Mapping[str, str] | None = None) -> Artifact:
    return lowered_digits(TARGET, options)


@needs_tools
def test_digits_equals_the_reference() -> None:
    artifact = digits()
    given = stimulus("digits", None, 10)
    trace = TARGET.run(artifact, given, states=True)
    assert not differences(reference(artifact.program, given), trace)
    counted = trace.meta["instructions_per_step"]
    assert trace.meta["machine"] == "mps2-an386"
    assert 10_000 < counted["least"] < counted["mean"] < counted["most"] < 1_000_000
    assert 0 < trace.meta["stack_bytes"] <= deploy(artifact.program).footprint.stack
    assert f"({counted['least']} to {counted['most']}, counted to one)" in trace.notes[0]
    again = TARGET.run(digits({"clock": "168MHz", "rate": "1kHz"}), given)
    assert again.meta["instructions_per_step"] == counted
    load = again.meta["load"]
    assert (load["mean"], load["most"]) == (counted["mean"] / 168_000, counted["most"] / 168_000)
    assert f"at 168 MHz and 1000 steps per second the load is {load['mean']:.2%} on average" in again.notes[1]
    assert "instructions were counted, not cycles" in again.notes[1]
    assert "load" not in trace.meta and len(trace.notes) == 1
    assert again["lif1"].v is None


@needs_tools
def test_spikeseg_equals_the_reference_on_the_larger_processor() -> None:
    artifact = lower(network("spikeseg", "igarss2023-random"), TARGET, {"machine": "mps2-an500"}).artifact
    given = stimulus("spikeseg", 8, 1, "igarss2023-random")
    expected = reference(artifact.program, given)
    assert all(entry.output.any() for entry in expected.entries.values())
    trace = TARGET.run(artifact, given, states=True)
    assert not differences(expected, trace)
    assert trace.meta["machine"] == "mps2-an500"


COUNTING = """#include <stdint.h>
int nd_take(void *to, uint32_t bytes);
int nd_give(const void *from, uint32_t bytes);
void nd_start(void);
void nd_stop(uint32_t *measured);

int main(void) {
  uint32_t times, measured[2];
  while (nd_take(&times, sizeof times)) {
    nd_start();
    __asm__ volatile("1: subs %0, %0, #1\\n bne 1b" : "+r"(times) : : "cc");
    nd_stop(measured);
    if (!nd_give(measured, sizeof measured)) return 1;
  }
  return 0;
}
"""


@needs_tools
@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.machine)
def test_instructions_are_counted_to_one(board) -> None:
    times = [1, 2, 3, 10, 11, 12, 13, 14, 15, 1000, 100_003, 5_000_000]
    made = lower(network("digits"), TARGET, {"machine": board.machine}).artifact
    files = {**made.files, "probe.c": COUNTING.encode()}
    record = execute(board, files, [], struct.pack(f"<{len(times)}I", *times))
    counted = np.frombuffer(record, "<u4").reshape(-1, 2)[:, 0].astype(int)
    assert np.array_equal(counted - counted[0], 2 * (np.array(times) - 1))
    assert 2 <= counted[0] <= 6  # the loop, and what loads and keeps the number


def test_the_tools_that_are_missing_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = digits()
    monkeypatch.setenv("PATH", str(tmp_path))
    told = "arm-none-eabi-gcc and qemu-system-arm not found (Debian: apt-get install gcc-arm-none-eabi qemu-system-arm)"
    assert TARGET.available() == told
    with pytest.raises(UnavailableError) as caught:
        TARGET.run(artifact, stimulus("digits", None, 1))
    assert told in str(caught.value)


BREAKS = {
    "faults": ('__asm__ volatile("udf #0");', "met a fault"),
    "leaves": ('__asm__ volatile("mov r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xab");', "bytes of record, not"),
    "hangs": ("for (;;) {}", "did not finish within 3 s"),
    "does not compile": ("syntax error", "error"),
}


@needs_tools
@pytest.mark.parametrize("how", BREAKS)
def test_firmware_that_fails_is_told_apart_and_leaves_nothing(
    how: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = BREAKS[how]
    reset = "void model_reset(model_context *c) {\n"
    broken = changed(digits(), "model.c", reset, f"{reset}  {code}\n")
    if how == "hangs":
        monkeypatch.setenv("NEURODEPLOY_WORKER_TIMEOUT", "3")
    with pytest.raises(EnvironmentFailureError, match=told):
        TARGET.run(broken, stimulus("digits", None, 1))
    assert list(temporary.iterdir()) == []
    assert not emulators(temporary)


def emulators(folder: Path) -> list[str]:
    """Processes that still work in the folder; one that was killed a moment ago may be dying."""
    for _ in range(200):
        if not working_in(folder):
            break
        time.sleep(0.01)
    return working_in(folder)


def working_in(folder: Path) -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            place = str((entry / "cwd").readlink())
        except OSError:
            continue
        found += [place] if place.startswith(str(folder)) else []
    return found


@needs_tools
def test_an_emulator_that_is_killed_is_a_failure_of_the_machine(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "qemu-system-arm").write_text("#!/bin/sh\nsleep 60 &\nkill -9 $$\n")
    (tools / "qemu-system-arm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(EnvironmentFailureError, match="killed by SIGKILL"):
        TARGET.run(digits(), stimulus("digits", None, 1))
    assert list(temporary.iterdir()) == []
    assert not emulators(temporary)


def test_the_boards_memory_limits_what_fits_and_options_limit_it_further() -> None:
    with pytest.raises(CapabilityError) as caught:
        digits({"ram": "10k"})
    (finding,) = caught.value.findings
    assert "10240 are given; most is taken by lif1 5120" in finding.message
    assert digits({"flash": "64M", "ram": "64M"}).files == digits().files  # no more than the board has
    with pytest.raises(InputError, match="choose one of: mps2-an386, mps2-an500"):
        digits({"machine": "pc"})


def test_the_load_is_asked_for_by_clock_and_rate() -> None:
    program, _ = random_program(0)
    made, plain = (TARGET.lower(program, options) for options in ({"clock": "16mhz", "rate": "250 Hz"}, {}))
    assert (
        made.notes[-1]
        == "at 16 MHz and 250 steps per second, a step has 64000 cycles; run and check count its instructions"
    )
    assert load_of_files(made.files) == Load(16e6, 250.0)
    assert {name: data for name, data in made.files.items() if name != "load.json"} == plain.files
    assert load_of_files(plain.files) is None
    slow = Load(1e6, 1e3)
    assert slow.told(500.0, 1100) == (
        "at 1 MHz and 1000 steps per second the load is 50.00% on average and 110.00% at most: it cannot keep up, if "
        "every instruction took one cycle; instructions were counted, not cycles, of which a processor takes more"
    )


LOADS = {
    "no rate": ({"clock": "168MHz"}, "-O rate: a load needs both a clock and a rate.*\n  remedy: add -O rate=1kHz"),
    "no clock": ({"rate": "1kHz"}, "-O clock: a load needs both a clock and a rate.*\n  remedy: add -O clock=168MHz"),
    "too fast": ({"clock": "1MHz", "rate": "2MHz"}, r"2e\+06 steps per second at 1 MHz leave less than a cycle"),
    **{
        text: ({"clock": text, "rate": "1kHz"}, f"{text!r} is no frequency")
        for text in ("168", "fast", "0MHz", "-1MHz", "1e99Hz", "nanHz", "999GHz")
    },
}


@pytest.mark.parametrize("name", LOADS)
def test_a_load_without_meaning_is_refused(name: str) -> None:
    options, told = LOADS[name]
    with pytest.raises(InputError, match=told):
        TARGET.lower(random_program(0)[0], options)


def test_an_artifact_says_its_board() -> None:
    artifact = digits({"machine": "mps2-an500"})
    assert board_of(artifact.files) is M7
    assert json.loads(artifact.files["board.json"]) == {"machine": "mps2-an500"}
    script = artifact.files["link.ld"].decode()
    assert f"LENGTH = {M7.flash}" in script
    with pytest.raises(InputError, match="does not say its board"):
        board_of(changed(artifact, "board.json", "machine", "engine").files)


@needs_tools
def test_the_exported_makefile_builds_the_same_firmware(tmp_path: Path) -> None:
    artifact = digits()
    for name, data in artifact.files.items():
        (tmp_path / name).write_bytes(data)
    given = stimulus("digits", None, 1)
    work = job(artifact, given)
    (tmp_path / "job").write_bytes(work.data(0))
    subprocess.run(["make", "-s", "record"], cwd=tmp_path, check=True, capture_output=True)
    trace = work.outcome((tmp_path / "record").read_bytes()).trace
    assert np.array_equal(trace["lif4"].output, reference(artifact.program, given)["lif4"].output)


def test_one_firmware_is_for_one_board() -> None:
    given = stimulus("digits", None, 1)
    jobs = [job(digits({"machine": name, "prefix": f"p{k}"}), given) for k, name in enumerate(BOARDS)]
    with pytest.raises(InputError, match="mps2-an386 and mps2-an500 make no one firmware"):
        run_many(jobs)
