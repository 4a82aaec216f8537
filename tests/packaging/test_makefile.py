"""`make` sets up its environment once, again when the pins change, and afresh after an interruption."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PYTHON = """#!/bin/sh
# Stands in for python3: makes environments whose python logs what is asked of it.
case "$*" in
    -c*) exit 0 ;;
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; echo venv >> log ;;
    *--version*) exit 0 ;;
    *"install -c"*) echo install >> log; [ ! -e fail ] || exit 1 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    write_script(tmp_path / "python", PYTHON)
    return tmp_path


def write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def make(folder: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def log(checkout: Path) -> list[str]:
    path = checkout / "log"
    lines = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def test_sets_up_once(checkout: Path) -> None:
    make(checkout, "setup", "PYTHON=./python").check_returncode()
    assert log(checkout) == ["venv", "install"]
    make(checkout, "setup", "PYTHON=./python").check_returncode()
    assert log(checkout) == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_brings_the_environment_up_to_date_when_a_pin_changes(checkout: Path, name: str) -> None:
    make(checkout, "setup", "PYTHON=./python").check_returncode()
    log(checkout)
    later = (checkout / ".venv/.ready").stat().st_mtime + 10
    os.utime(checkout / name, (later, later))
    make(checkout, "setup", "PYTHON=./python").check_returncode()
    assert log(checkout) == ["install"]


def test_starts_afresh_after_an_interruption(checkout: Path) -> None:
    (checkout / "fail").touch()
    assert make(checkout, "setup", "PYTHON=./python").returncode != 0
    (checkout / "fail").unlink()
    (checkout / ".venv/half-written").touch()
    log(checkout)
    make(checkout, "setup", "PYTHON=./python").check_returncode()
    assert log(checkout) == ["venv", "install"]
    assert not (checkout / ".venv/half-written").exists()


def test_an_older_python_is_named(checkout: Path) -> None:
    write_script(checkout / "old", '#!/bin/sh\ncase "$1" in -c) exit 1 ;; *) echo Python 3.9.2 ;; esac\n')
    done = make(checkout, "setup", "PYTHON=./old")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer, and ./old is: Python 3.9.2" in done.stderr
    assert not (checkout / ".venv").exists()


def test_system_calls_no_package_manager_when_nothing_is_missing(checkout: Path) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    write_script(tools / "dpkg-query", "#!/bin/sh\necho install ok installed\n")
    for name in ("apt-get", "apt", "sudo"):
        write_script(tools / name, "#!/bin/sh\necho called >> log\nexit 1\n")
    done = make(checkout, "system", path=tools)
    done.check_returncode()
    assert "nothing to install" in done.stdout
    assert log(checkout) == []


def test_system_installs_only_what_is_missing(checkout: Path) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    write_script(tools / "dpkg-query", '#!/bin/sh\n[ "$4" = there ] && echo install ok installed\n')
    write_script(tools / "sudo", '#!/bin/sh\nshift\nexec "$@"\n')
    write_script(tools / "apt-get", "#!/bin/sh\nfor word; do echo $word >> log; done\n")
    make(checkout, "system", "SYSTEM_PACKAGES=there absent", path=tools).check_returncode()
    words = log(checkout)
    assert "absent" in words
    assert "there" not in words


def test_system_installs_from_old_lists_when_they_cannot_be_renewed(checkout: Path) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    write_script(tools / "dpkg-query", "#!/bin/sh\n")
    write_script(tools / "sudo", '#!/bin/sh\nshift\nexec "$@"\n')
    write_script(tools / "apt-get", '#!/bin/sh\n[ "$1" = install ] && echo installed >> log\n')
    done = make(checkout, "system", path=tools)
    done.check_returncode()
    assert "could not be renewed" in done.stderr
    assert log(checkout) == ["installed"]


def test_system_says_what_to_install_where_it_may_not(checkout: Path) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    write_script(tools / "dpkg-query", "#!/bin/sh\n")
    write_script(tools / "id", "#!/bin/sh\necho 1000\n")
    write_script(tools / "sudo", "#!/bin/sh\nexit 1\n")
    write_script(tools / "apt-get", "#!/bin/sh\necho called >> log\n")
    done = make(checkout, "system", path=tools)
    assert done.returncode != 0
    told = "neither root nor passwordless sudo; as root: apt-get install g++ gcc-arm-none-eabi qemu-system-arm"
    assert told in done.stderr
    assert log(checkout) == []
