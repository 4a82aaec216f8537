"""The same jobs give the same results in this process, on processes and on a Dask cluster."""

import os
import signal
import time

import pytest

from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.work import Shared, content, open_crew
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


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9", "nonsense"])
def test_a_scheduler_that_is_not_there_is_unavailable_at_once(address: str) -> None:
    pytest.importorskip("distributed", reason="no distributed (pip install 'neurodeploy[cluster]')")
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="no Dask scheduler answers"), open_crew(f"dask:{address}"):
        pass
    assert time.monotonic() - begun < 30


def test_the_version_names_the_code() -> None:
    assert version().code in str(version()) and version() == version()
