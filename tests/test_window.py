"""The size of what a window leaves, against the places where it can stand."""

from itertools import product

import pytest

from neurodeploy.window import on_plane, outputs_along, per_axis, window_output


@pytest.mark.parametrize(("stride", "padding", "dilation"), list(product((1, 2, 3), (0, 1), (1, 2))))
def test_a_window_gives_one_output_for_every_place_where_it_fits(stride, padding, dilation):
    for size, kernel in product(range(3, 9), (1, 2, 3)):
        reach = dilation * (kernel - 1) + 1
        places = [start for start in range(0, size + 2 * padding, stride) if start + reach <= size + 2 * padding]
        if places:
            assert outputs_along(size, kernel, stride, padding, dilation) == len(places)


def test_a_window_larger_than_its_map_gives_no_output():
    assert outputs_along(2, 3) < 1


def test_every_axis_has_its_own_window():
    assert window_output((7, 8), (3, 1), (2, 1), (1, 0), (1, 1)) == (4, 8)


def test_one_number_holds_for_all_axes_and_a_line_is_the_width_of_a_plane():
    assert per_axis(2) == per_axis((2, 2)) == (2, 2)
    assert per_axis(3, 1) == (3,)
    assert on_plane((5,), 1) == (1, 5)
    assert on_plane((4, 5), 1) == (4, 5)
