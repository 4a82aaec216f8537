"""Jobs on processes of this machine, which read shared data from files."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

from neurodeploy.work.crew import Crew, Shared, digest_of

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NEURODEPLOY_THREADS")
"""Variables that keep a worker to one core: the others have their own."""


@contextmanager
def processes(name: str, count: int) -> Generator[Crew]:
    """``count`` workers, each a fresh interpreter. An error or an interrupt does not wait for jobs under way."""
    others = {child.pid for child in active_children()}
    with tempfile.TemporaryDirectory(prefix="neurodeploy-") as folder, _one_thread():
        pools: list[ProcessPoolExecutor] = []

        def started() -> ProcessPoolExecutor:
            for pool in pools:
                pool.shutdown(wait=False, cancel_futures=True)
            pools.append(ProcessPoolExecutor(count, get_context("spawn"), _begin, (folder,)))
            return pools[-1]

        def share(data: bytes) -> Shared:
            digest = digest_of(data)
            path = Path(folder) / digest
            if not path.exists():
                path.write_bytes(data)
            return Shared(digest, path=path)

        try:
            yield Crew(name, count, started(), share, started)
        except BaseException:
            _end([child for child in active_children() if child.pid not in others])
            raise
        finally:
            for pool in pools:
                pool.shutdown(wait=True, cancel_futures=True)


def _end(workers: Sequence[BaseProcess]) -> None:
    """What a worker started is gone with it: it is guarded (``neurodeploy.process``)."""
    for worker in workers:
        worker.kill()


def _begin(folder: str) -> None:
    """What a worker does first; its temporary files lie in ``folder``, which is gone with the crew.

    An interrupt at the terminal reaches all its processes: whoever started the workers ends them. Where that one is
    killed, they end themselves, for their queues would keep them waiting for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder
    Thread(target=_end_with_parent, args=(folder,), daemon=True).start()


def _end_with_parent(folder: str) -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def _one_thread() -> Generator[None]:
    before = {variable: os.environ.get(variable) for variable in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value
