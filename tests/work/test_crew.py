"""The same jobs give the same results in this process, on processes and on a Dask cluster."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.work import Shared, content, open_crew
from neurodeploy.work.cluster import SameVersion, if_same
from neurodeploy.work.version import version

DATA = b"some data" * 100


def size(shared: Shared | bytes, more: int) -> int:
    return len(content(shared)) + more


def dies(shared: Shared | bytes) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("name", ["", "serial:2", "processes", "processes:0", "processes:x", "dask:", "threads:2"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="no executor"), open_crew(name):
        pass


@pytest.mark.parametrize("name", ["serial", "processes:2"])
def test_data_is_shared_once_by_its_content(name: str) -> None:
    with open_crew(name) as crew:
        shared = crew.share(DATA)
        assert crew.share(DATA).digest == shared.digest
        assert [crew.executor.submit(size, shared, n).result() for n in range(3)] == [900, 901, 902]


def test_an_error_of_a_job_is_its_own() -> None:
    with open_crew("serial") as crew:
        assert isinstance(crew.executor.submit(int, "x").exception(), ValueError)


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense"])
def test_a_scheduler_that_is_not_there_is_unavailable(address: str) -> None:
    pytest.importorskip("distributed", reason="no distributed (pip install 'neurodeploy[cluster]')")
    with pytest.raises(UnavailableError, match="no Dask scheduler answers"), open_crew(f"dask:{address}"):
        pass


def test_a_scheduler_that_does_not_greet_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="no distributed (pip install 'neurodeploy[cluster]')")
    monkeypatch.setattr("neurodeploy.work.cluster.SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"dask:tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=r"no Dask scheduler answers: .*timed out"), open_crew(address):
            pass


def test_an_interrupt_waits_for_no_job(tmp_path: Path) -> None:
    """A job that would take an hour is gone with the crew."""
    with pytest.raises(KeyboardInterrupt), open_crew("processes:1") as crew:
        crew.executor.submit(lasts, str(tmp_path / "pid"))
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


ALONE = """
import sys
from neurodeploy.work import open_crew
from tests.work.test_crew import lasts

if __name__ == "__main__":
    with open_crew("processes:1") as crew:
        crew.executor.submit(lasts, sys.argv[1]).result()
"""


def test_a_crew_whose_process_is_killed_is_gone_with_it_and_leaves_no_file(tmp_path: Path) -> None:
    script, place = tmp_path / "alone.py", tmp_path / "tmp"
    script.write_text(ALONE)
    place.mkdir()
    environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), str(tmp_path / "pid")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tmp_path / "pid").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=300)  # the pipe is open for as long as a worker lives
    assert not list(place.iterdir())


def lasts(place: str) -> None:
    whole = Path(f"{place}.new")
    whole.write_text(str(os.getpid()))
    whole.rename(place)
    time.sleep(3600)


def test_a_worker_of_another_version_that_came_later_is_refused_by_name() -> None:
    with open_crew("serial") as crew:
        checked = SameVersion(crew.executor, "dask:somewhere")
        assert checked.submit(size, b"four", 1).result() == 5
    older = replace(version(), code="000000000000")
    with pytest.raises(UnavailableError, match=r"a worker on .* has .*, this process .*code 000000000000"):
        if_same(older, "dask:somewhere", size, b"four", 1)


def test_the_version_names_the_code() -> None:
    assert version().code in str(version()) and version() == version()
