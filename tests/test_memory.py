"""Memory that is lent again."""

import numpy as np

from neurodeploy.memory import ALIGNED, SMALL, WASTE, Pool


def test_memory_is_lent_again_only_after_everything_that_looks_into_it_is_gone() -> None:
    pool, size = Pool(), SMALL
    first = pool.array((size, 3))
    place, view = first.ctypes.data, np.moveaxis(first, 0, 1)[1:]
    assert place % ALIGNED == 0
    first.fill(1.0)
    del first
    second = pool.array((size, 3))
    assert second.ctypes.data != place
    second.fill(2.0)
    assert np.all(view == 1.0)
    del view
    assert pool.array((3 * size,), np.int64).ctypes.data == place


def test_fewer_numbers_may_lie_in_the_memory_of_more_but_not_of_many_more() -> None:
    pool = Pool()
    place = pool.array((2 * SMALL,)).ctypes.data
    fewer, few = pool.array((2 * SMALL // WASTE,)), pool.array((2 * SMALL // WASTE,))
    assert fewer.ctypes.data == place != few.ctypes.data
    del fewer
    assert pool.array((SMALL // WASTE,)).ctypes.data != place
    assert pool.array((2 * SMALL,)).ctypes.data == place
