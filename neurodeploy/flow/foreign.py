"""A target's own code, called: whatever it does wrong is an error that names the target, never one of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

from neurodeploy.errors import EnvironmentFailureError, NeurodeployError, UnavailableError
from neurodeploy.parity.compare import check_aligned
from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Feed, Options, Target
from neurodeploy.trace import Trace

T = TypeVar("T")
REMEDY = "report it to whoever wrote the target; NEURODEPLOY_DEBUG=1 shows where it happened"


def run_target(
    target: Target, artifact: Artifact, stimulus: Stimulus, states: bool = False, drive: Trace | None = None
) -> Trace:
    """What ``target.run`` returns, with a record of the right shape for every population.

    Raises UnavailableError naming the target where its code raises an error that is none of ours, or returns anything
    else than such a trace; EnvironmentFailureError where it runs out of memory.
    """
    trace = _called(target, "run", Trace, lambda: target.run(artifact, stimulus, states=states, drive=drive))
    shapes = {population.name: population.shape for population in artifact.program.populations}
    shapes |= {node.name: node.shape for node in artifact.program.inputs if node.name in trace.encoded}
    check_aligned(trace, shapes, (stimulus.batch, stimulus.steps), f"target {target.name}")
    return trace


def lower_on(target: Target, program: Program, options: Options) -> Artifact:
    """What ``target.lower`` returns. Raises as ``run_target`` does."""
    return _called(target, "lower", Artifact, lambda: target.lower(program, options))


def open_target(target: Target, artifact: Artifact, batch: int, states: bool = False) -> Feed | None:
    """A run that is fed in chunks; None where the target has whole runs only. Raises as ``run_target`` does."""
    opens = target.opens
    if opens is None:
        return None
    feed = _called(target, "opens", object, lambda: opens(artifact, batch, states) or _NONE)
    return None if feed is _NONE else _Watched(target, artifact.program, batch, cast("Feed", feed))


_NONE = object()


@dataclass(frozen=True, eq=False)
class _Watched:
    """A feed whose mistakes are its target's."""

    target: Target
    program: Program
    batch: int
    inner: Feed

    def feed(self, stimulus: Mapping[str, NDArray[Any]], drive: Trace | None = None) -> Trace:
        """What the inner feed gives."""
        trace = _called(self.target, "feed", Trace, lambda: self.inner.feed(stimulus, drive))
        steps = next(iter(stimulus.values())).shape[1]
        shapes = {population.name: population.shape for population in self.program.populations}
        check_aligned(trace, shapes, (self.batch, steps), f"target {self.target.name}")
        return trace


def _called(target: Target, name: str, kind: type[T], call: Callable[[], T]) -> T:
    where = f"target {target.name}"
    try:
        result = call()
    except NeurodeployError:
        raise
    except MemoryError as error:
        problem = f"its {name} ran out of memory{f' ({error})' if str(error) else ''}"
        raise EnvironmentFailureError(problem, where, "give fewer samples or steps, or free memory") from error
    except Exception as error:  # foreign code may raise anything
        problem = f"its {name} failed with {type(error).__name__}{f': {error}' if str(error) else ''}"
        raise UnavailableError(problem, where, REMEDY) from error
    if not isinstance(result, kind):
        raise UnavailableError(
            f"its {name} returned {_form(result)}, not an instance of {kind.__name__}", where, REMEDY
        )
    return result


def _form(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
