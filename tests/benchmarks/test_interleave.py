"""Rounds: everybody in turn, medians over rounds, ratios within them."""

from collections.abc import Callable, Iterator

import pytest

from benchmarks.interleave import Contestant, Measured, interleave, ratio


def taking(*seconds: float) -> Callable[[], float]:
    values: Iterator[float] = iter(seconds)
    return lambda: next(values)


def test_everybody_is_measured_once_a_round_in_turn() -> None:
    order: list[str] = []
    pair = [Contestant("a", taking(1, 2, 3)), Contestant("b", taking(10, 40, 20))]
    measured = interleave(pair, 3, order.append)
    assert order == ["a", "b"] * 3
    assert measured["a"].rounds == (1, 2, 3)
    assert (measured["a"].median, measured["b"].median) == (2, 20)


def test_a_ratio_is_the_median_of_the_ratios_of_the_same_rounds() -> None:
    slow, fast = Measured("slow", (10, 40, 20)), Measured("fast", (1, 10, 4))
    assert ratio(slow, fast) == 5
    assert ratio(slow, None) is None
    assert ratio(Measured("absent", missing="no"), fast) is None


def test_a_slow_contestant_takes_part_in_fewer_rounds_and_is_compared_within_those() -> None:
    measured = interleave([Contestant("us", taking(1, 2, 4)), Contestant("slow", taking(300), most=1)], 3)
    assert measured["slow"].rounds == (300, None, None)
    assert ratio(measured["slow"], measured["us"]) == 300


def test_one_that_fails_is_not_asked_again_and_the_others_go_on() -> None:
    asked: list[int] = []

    def failing() -> float:
        asked.append(1)
        raise ValueError("out of memory")

    measured = interleave([Contestant("bad", failing), Contestant("good", taking(1, 1))], 2)
    assert measured["bad"] == Measured("bad", missing="ValueError: out of memory")
    assert measured["good"].median == 1
    assert len(asked) == 1


@pytest.mark.parametrize("rounds", [(), (None, None)])
def test_no_round_gives_no_median(rounds: tuple[None, ...]) -> None:
    assert Measured("x", rounds).median is None


def test_what_was_measured_so_far_is_handed_over_after_every_round() -> None:
    seen: list[tuple[float | None, ...]] = []
    interleave([Contestant("a", taking(1, 2))], 2, after=lambda so_far: seen.append(so_far["a"].rounds))
    assert seen == [(1,), (1, 2)]
