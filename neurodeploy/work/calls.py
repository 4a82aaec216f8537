"""Calls on a crew whose results come back in order; what is lost with its worker runs again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future
from typing import Any, TypeVar

from neurodeploy.errors import EnvironmentFailureError, NeurodeployError
from neurodeploy.work.crew import Crew

T = TypeVar("T")
LOSSES = 3
"""Times that workers may be lost before it counts as what they are asked for."""


class Calls:
    """The calls of one piece of work on a crew."""

    def __init__(self, crew: Crew) -> None:
        self.crew, self._executor, self._losses = crew, crew.executor, 0

    def results(self, call: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> list[T]:
        """What ``call`` returns for each of the arguments.

        Raises the NeurodeployError of a call; EnvironmentFailureError where workers are gone for good.
        """
        done: dict[int, T] = {}
        while len(done) < len(arguments):
            futures: dict[int, Future[T]] = {}
            try:
                for number in (n for n in range(len(arguments)) if n not in done):
                    futures[number] = self._executor.submit(call, *arguments[number])
                for number, future in futures.items():
                    done[number] = future.result()
            except BrokenExecutor as error:
                done |= {n: future.result() for n, future in futures.items() if _returned(future)}
                self._replace(error)
            except NeurodeployError:
                raise
            except Exception as error:
                raise EnvironmentFailureError(f"the workers are gone: {error}", self.crew.name, "try again") from error
            finally:
                for future in futures.values():
                    future.cancel()
        return [done[number] for number in range(len(arguments))]

    def _replace(self, error: BrokenExecutor) -> None:
        """New workers in place of those that are lost."""
        self._losses += 1
        if self.crew.restarted is None or self._losses >= LOSSES:
            remedy = "give fewer processes, or free memory"
            raise EnvironmentFailureError(f"its workers died, {self._losses} times", self.crew.name, remedy) from error
        self._executor = self.crew.restarted()


def _returned(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
