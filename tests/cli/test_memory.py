"""Out of memory: how much was asked for, and what to do, whoever asked for it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.cli.failure import failure_of
from neurodeploy.cli.options import shape
from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.frontends.layouts import find_form
from neurodeploy.frontends.playing import Form, run_module

ASKED = 1 << 50


@pytest.mark.parametrize(
    ("ask", "amount"),
    [(lambda: np.zeros(ASKED), "Unable to allocate 8.00 PiB"), (lambda: torch.empty(ASKED), "4,194,304.0 GiB")],
    ids=["numpy", "torch"],
)
def test_no_memory_says_how_much_and_what_to_do(ask: Callable[[], object], amount: str) -> None:
    with pytest.raises((MemoryError, RuntimeError)) as error:
        ask()
    failure = failure_of(error.value)
    assert failure.exit_code == 6
    assert "out of memory" in failure.message
    assert amount in failure.message
    assert "give fewer samples or steps" in failure.message


class Greedy(nn.Module):
    """A user's module that needs more than there is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.empty(ASKED)[: len(x)]


def test_a_module_without_memory_is_not_told_to_do_the_same_in_every_step() -> None:
    for run in (
        lambda: find_form(Greedy(), (1,)),
        lambda: run_module(Greedy(), Form("step"), {}, {"input": np.ones((1, 2, 1))}),
    ):
        with pytest.raises(EnvironmentFailureError, match=r"4,194,304\.0 GiB were asked for at once"):
            run()


@pytest.mark.parametrize("text", ["1x8x8", "1,8,8", "1, 8, 8"])
def test_a_shape_may_be_written_either_way(text: str) -> None:
    assert shape(text) == (1, 8, 8)
