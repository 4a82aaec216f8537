"""What a stage of the pipeline is, and how one is run.

A stage is a small frozen dataclass: its fields are its options, its docstring says what it does, and calling it makes
the next draft of the last. Conditions on the draft hold before it runs (``requires``) and after (``ensures``).
A stage that needs more than the draft, such as a runner and a stimulus to calibrate with, has fields for these that are
no options, and is set up by whoever has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, ClassVar, Protocol

from neurodeploy.errors import InputError, NeurodeployError, choices
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.options import check_options


@dataclass(frozen=True)
class Condition:
    """A property of a draft. ``breach``: what is wrong with a draft that does not have it, or None."""

    text: str
    breach: Callable[[Draft], str | None]


class Stage(Protocol):
    """One step from a Network to a Program: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    name: ClassVar[str]
    requires: ClassVar[tuple[Condition, ...]]
    ensures: ClassVar[tuple[Condition, ...]]

    def __call__(self, draft: Draft) -> Draft:
        """The next draft. Raises RefusedError or CannotRepresentError for what integers cannot say."""
        ...


def summary(stage: Stage) -> str:
    """What a stage does, in a sentence."""
    return (getdoc(stage) or "").partition("\n")[0]


def run_stage(stage: Stage, draft: Draft) -> Draft:
    """One stage between its conditions. An error that leaves it names the stage.

    Raises InputError for an option that the machine does not allow, and what the stage raises.
    """
    try:
        check_options(stage, (draft.numerics,))
        _check(stage.requires, draft, "is not ready for it")
        after = stage(draft)
        _check(stage.ensures, after, "does not hold what it promises")
    except NeurodeployError as error:
        error.stage = error.stage or stage.name
        raise
    return after


def run_stages(stages: Sequence[Stage], draft: Draft) -> Draft:
    """All stages, one after the other."""
    for stage in stages:
        draft = run_stage(stage, draft)
    return draft


def until(stages: Sequence[Stage], last: str) -> tuple[Stage, ...]:
    """The stages up to and with the one named ``last``. Raises InputError where there is none."""
    names = [stage.name for stage in stages]
    if last not in names:
        raise InputError(f"there is no stage {last!r}", "--stop-after", choices(last, names))
    return tuple(stages[: names.index(last) + 1])


def _check(conditions: Sequence[Condition], draft: Draft, failure: str) -> None:
    for condition in conditions:
        breach = condition.breach(draft)
        if breach is not None:
            raise NeurodeployError(f"the draft {failure} ({condition.text}): {breach}", "pipeline", "report this")
