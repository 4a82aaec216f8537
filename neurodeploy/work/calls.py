"""Calls on a crew whose results come back in order; what is lost with its worker runs again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from neurodeploy.errors import EnvironmentFailureError, NeurodeployError
from neurodeploy.work.crew import Crew

T = TypeVar("T")
LOSSES = 3
"""Times that workers may be lost before it counts as what they are asked for."""
AHEAD = 2
"""Calls of a stream that are under way, for every job that the crew runs at once."""


class Calls:
    """The calls of one piece of work on a crew."""

    def __init__(self, crew: Crew) -> None:
        self.crew, self._executor, self._losses = crew, crew.executor, 0
        self._streams: list[Stream[Any]] = []

    def results(self, call: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> list[T]:
        """What ``call`` returns for each of the arguments. Raises as ``Stream.take``."""
        stream = self.stream(call, arguments)
        try:
            return [stream.take() for _ in arguments]
        finally:
            stream.close()

    def stream(self, call: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> Stream[T]:
        """What ``call`` returns for each of the arguments, one after the other; the first are under way at once."""
        self._streams.append(Stream(self, call, iter(arguments)))
        return self._streams[-1]

    def close(self) -> None:
        """Nothing is under way any more."""
        for stream in self._streams:
            stream.close()
        self._streams.clear()

    def submitted(self, call: Callable[..., T], arguments: tuple[Any, ...]) -> Submitted[T]:
        """A call that is under way. Raises EnvironmentFailureError where workers are gone for good."""
        while True:
            executor = self._executor
            try:
                return Submitted(arguments, executor, executor.submit(call, *arguments))
            except BrokenExecutor as error:
                self.lost(executor, error)

    def lost(self, executor: Executor, error: BaseException) -> None:
        """New workers in place of those that are lost, where nobody did that yet."""
        if executor is not self._executor:
            return
        self._losses += 1
        if self.crew.restarted is None or self._losses >= LOSSES:
            remedy = "give fewer processes, or free memory"
            raise EnvironmentFailureError(f"its workers died, {self._losses} times", self.crew.name, remedy) from error
        self._executor = self.crew.restarted()


@dataclass(frozen=True, eq=False)
class Submitted(Generic[T]):
    """A call with the workers that it is on."""

    arguments: tuple[Any, ...]
    executor: Executor
    future: Future[T]


class Stream(Generic[T]):
    """Results in the order of their arguments; a few more calls than there are workers are under way."""

    def __init__(self, calls: Calls, call: Callable[..., T], arguments: Iterator[tuple[Any, ...]]) -> None:
        self._calls, self._call, self._waiting = calls, call, arguments
        self._under_way: deque[Submitted[T]] = deque()
        self._fill()

    def take(self) -> T:
        """The next result.

        Raises the NeurodeployError of its call; EnvironmentFailureError where workers are gone for good.
        """
        while True:
            first = self._under_way[0]
            try:
                result = first.future.result()
            except (BrokenExecutor, CancelledError) as error:
                self._calls.lost(first.executor, error)
                self._begin_again()
                continue
            except NeurodeployError:
                raise
            except Exception as error:
                crew = self._calls.crew.name
                raise EnvironmentFailureError(f"the workers are gone: {error}", crew, "try again") from error
            self._under_way.popleft()
            self._fill()
            return result

    def close(self) -> None:
        """No call is under way any more."""
        for call in self._under_way:
            call.future.cancel()
        self._under_way.clear()

    def _fill(self) -> None:
        while len(self._under_way) < AHEAD * self._calls.crew.width:
            arguments = next(self._waiting, None)
            if arguments is None:
                return
            self._under_way.append(self._calls.submitted(self._call, arguments))

    def _begin_again(self) -> None:
        """What was lost with its workers runs again."""
        for number, call in enumerate(self._under_way):
            if not _returned(call.future):
                self._under_way[number] = self._calls.submitted(self._call, call.arguments)


def _returned(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
