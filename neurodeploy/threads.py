"""How many threads numpy multiplies matrices on: ours are small, and further threads would only spin."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

THREADS = "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"
"""By which OpenBLAS is told how many threads to use, in the order in which it looks."""
LIBRARY = "libscipy_openblas"
"""How the files of the OpenBLAS begin that numpy brings along; that of a module's framework is left as it is."""


@contextmanager
def one_thread() -> Generator[None]:
    """In the block, numpy multiplies matrices on one thread, unless the environment says on how many."""
    if any(name in os.environ for name in THREADS):
        yield
        return
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().select(prefix=LIBRARY).limit(limits=1):
        yield
