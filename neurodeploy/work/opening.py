"""Workers by name, gone at the end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager

from neurodeploy.errors import InputError
from neurodeploy.work.crew import Crew, Shared, digest_of
from neurodeploy.work.serial import SerialExecutor

REMEDY = "give serial, processes:N or dask:ADDRESS, e.g. dask:tcp://10.0.0.1:8786"


@contextmanager
def open_crew(name: str = "serial") -> Generator[Crew]:
    """The workers that ``serial``, ``processes:N`` or ``dask:ADDRESS`` names, gone at the end.

    Raises InputError for another name; UnavailableError where a cluster does not answer, has no workers, or workers of
    another version.
    """
    with _opened(name) as crew:
        yield crew


def _opened(name: str) -> AbstractContextManager[Crew]:
    kind, _, rest = name.partition(":")
    if kind == "serial" and not rest:
        return _serial()
    if kind == "processes" and rest.isdecimal() and int(rest) > 0:
        from neurodeploy.work.processes import processes

        return processes(name, int(rest))
    if kind == "dask" and rest:
        from neurodeploy.work.cluster import cluster

        return cluster(name, rest)
    raise InputError(f"{name!r} is no executor", "--executor", REMEDY)


@contextmanager
def _serial() -> Generator[Crew]:
    yield Crew("serial", 1, SerialExecutor(), lambda data: Shared(digest_of(data), data))
