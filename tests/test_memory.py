"""Memory that is lent again."""

import numpy as np

from neurodeploy.memory import ALIGNED, Pool


def test_memory_is_lent_again_only_after_everything_that_looks_into_it_is_gone() -> None:
    pool = Pool()
    first = pool.array((4, 3))
    place, view = first.ctypes.data, np.moveaxis(first, 0, 1)[1:]
    assert place % ALIGNED == 0
    first.fill(1.0)
    del first
    second = pool.array((4, 3))
    assert second.ctypes.data != place
    second.fill(2.0)
    assert np.all(view == 1.0)
    del view
    assert pool.array((12,), np.int64).ctypes.data == place
