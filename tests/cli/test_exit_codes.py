"""Every exit code of the interface, each with its smallest cause."""

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import typer

from neurodeploy.cli.app import guarded
from neurodeploy.errors import (
    CannotRepresentError,
    CapabilityError,
    EnvironmentFailureError,
    InputError,
    RefusedError,
    UnavailableError,
)
from neurodeploy.network.file import write_network
from tests.cli.support import COMMAND, call, process, refused, small_network

SILENT = {"input": np.zeros((10, 3))}


def test_0_agree(bundle: Path) -> None:
    assert call("check", bundle).code == 0


def test_1_diverged_and_says_where(folder: Path) -> None:
    write_network(small_network(drive=0.337), Path("odd.nir"))
    result = call("check", "odd.nir", "--target", "fixed", "-O", "weight-bits=2", "--steps", "200")
    assert result.code == 1
    assert "below the budget 0.9" in result.out
    assert "first divergence: node hidden" in result.out


def test_2_usage(bundle: Path) -> None:
    assert "unknown target 'nowhere'" in refused("check", bundle, "--target", "nowhere")


def test_4_a_target_that_cannot_run_here(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setattr("neurodeploy.target.unavailable", lambda target: "no board is connected")
    for verb in ("run", "check"):
        assert "target fixed cannot run here: no board is connected" in refused(verb, bundle, code=4)


def test_5_a_silent_stimulus_proves_nothing(bundle: Path) -> None:
    np.savez("silent.npz", **SILENT)
    result = call("check", bundle, "--input", "silent.npz")
    assert result.code == 5
    assert "never fires: hidden, readout" in result.out
    one = ("--allow-silent", "hidden")
    assert call("check", bundle, "--input", "silent.npz", *one).code == 5
    assert call("check", bundle, "--input", "silent.npz", *one, "--allow-silent", "readout").code == 0


def test_6_the_system_refuses(bundle: Path) -> None:
    Path("plain").write_text("a file where a folder must be")
    assert "plain" in refused("run", bundle, "-o", "plain/trace.npz", code=6)


ERRORS = {
    InputError("x"): 2,
    RefusedError("x"): 2,
    CannotRepresentError("x"): 3,
    CapabilityError("x"): 3,
    UnavailableError("x"): 4,
    EnvironmentFailureError("x"): 6,
    OSError(28, "No space left on device", "/disk"): 6,
    MemoryError(): 6,
    KeyboardInterrupt(): 130,
    typer.Exit(5): 5,
    RuntimeError("a bug"): 70,
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_has_its_code_and_no_traceback(
    error: BaseException, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.delenv("NEURODEPLOY_DEBUG", raising=False)
    assert guarded(fail) == ERRORS[error]
    assert "Traceback" not in capsys.readouterr().err


def test_the_message_says_what_where_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise InputError("is odd", "file.pt", "make it even")

    guarded(fail)
    assert capsys.readouterr().err == "neurodeploy: file.pt: is odd\n  remedy: make it even\n"


def test_an_internal_error_asks_for_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ZeroDivisionError("division by zero")

    assert guarded(fail) == 70
    told = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: division by zero" in told
    assert "NEURODEPLOY_DEBUG=1" in told


def test_debug_shows_the_traceback() -> None:
    done = process("inspect", "missing.nir", env={**os.environ, "NEURODEPLOY_DEBUG": "1"})
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback")
    assert "missing.nir: there is no such file" in done.stderr


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_that_leaves_is_no_verdict(bundle: Path, more: tuple[str, ...]) -> None:
    """As after ``neurodeploy check ... | head``: silent, with the code of a broken pipe and not of a divergence."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, "check", bundle, *more], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == b""
