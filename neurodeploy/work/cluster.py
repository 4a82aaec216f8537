"""Jobs on a Dask cluster, whose workers share no file system with us."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from neurodeploy.errors import UnavailableError
from neurodeploy.extras import need
from neurodeploy.work.crew import Crew, digest_of
from neurodeploy.work.version import Version, version

SECONDS, WORKER_SECONDS = 5, 20
"""How long a scheduler may take to answer, and then to have a worker."""


@contextmanager
def cluster(name: str, address: str) -> Generator[Crew]:
    """The workers behind the scheduler at ``address``. Raises UnavailableError."""
    distributed = need("distributed", "cluster", name)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with _connected(distributed, name, address) as client:
        workers = _same_version(client, name)
        width = sum(client.nthreads().values())
        executor = client.get_executor(pure=False, retries=1)

        def share(data: bytes) -> Any:
            # A task rather than scattered data: lost with its worker, it is computed again from the scheduler's copy.
            return client.submit(bytes, data, key=f"neurodeploy-{digest_of(data)}", pure=False)

        yield Crew(name, max(width, len(workers), 1), SameVersion(executor, name), share)


class SameVersion(Executor):
    """An executor whose jobs begin only in a worker of our version: workers may join after we have looked at all."""

    def __init__(self, executor: Executor, name: str) -> None:
        self._executor, self._name, self._ours = executor, name, version()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The job; its error is an UnavailableError where the worker has other code than we."""
        return self._executor.submit(if_same, self._ours, self._name, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """That of the executor."""
        self._executor.shutdown(wait, cancel_futures=cancel_futures)


def if_same(ours: Version, name: str, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The job, in the worker. Raises UnavailableError where it has another version than ``ours``."""
    there = version()
    if there != ours:
        raise _other(f"a worker on {socket.gethostname()}", there, ours, name)
    return job(*args, **kwargs)


def _other(worker: str, there: Version, ours: Version, name: str) -> UnavailableError:
    what = f"{worker} has {there}, this process {ours}"
    return UnavailableError(what, name, "install the same versions everywhere")


@contextmanager
def _connected(distributed: Any, name: str, address: str) -> Generator[Any]:
    """A client whose scheduler answered and has a worker."""
    remedy = "start it: dask scheduler; then dask worker ADDRESS on every machine"
    try:
        _knock(address)
        client = distributed.Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UnavailableError(f"no Dask scheduler answers: {error}", name, remedy) from error
    try:
        with contextlib.suppress(TimeoutError):
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        if not client.scheduler_info()["workers"]:
            raise UnavailableError("the Dask scheduler has no workers", name, f"dask worker {address}")
        yield client
    finally:
        client.close(timeout=SECONDS)


def _knock(address: str) -> None:
    """Whether a scheduler greets there, as it does unasked: a client would wait for that without end.

    Raises OSError or ValueError. With TLS the client speaks first, so that only a listener is looked for.
    """
    scheme, _, place = address.rpartition("://")
    if scheme in ("", "tcp", "tls"):
        host, _, port = place.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), SECONDS) as connection:
            if scheme != "tls" and not connection.recv(1):
                raise OSError("the connection was closed at once")


def _same_version(client: Any, name: str) -> list[str]:
    """The addresses of all workers. Raises UnavailableError where one has other code than we."""
    ours = version()
    theirs: dict[str, Any] = client.run(version, on_error="return")
    for address, there in theirs.items():
        if isinstance(there, Exception):
            raise UnavailableError(f"the worker {address} cannot run neurodeploy: {there}", name, "install it there")
        if there != ours:
            raise _other(f"the worker {address}", there, ours, name)
    return list(theirs)
