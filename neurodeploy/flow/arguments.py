"""Arguments that several functions share, written once: how a source is loaded, and how a stimulus is opened."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, Unpack, cast

from neurodeploy.contract import Contract
from neurodeploy.errors import choices
from neurodeploy.network.network import InputRange, Network
from neurodeploy.stimuli import Blocks, Framing, Source, open_blocks, open_stimulus
from neurodeploy.stimulus import Stimulus


class LoadOptions(TypedDict, total=False):
    """What ``load`` takes beside the source."""

    profile: str | None
    contract: str | Path | Contract | None
    module: str | None
    input_shape: tuple[int, ...] | None
    input_range: InputRange | Sequence[float] | None
    dt: float | None
    trust_pickle: bool


class StimulusOptions(TypedDict, total=False):
    """What ``stimulus_of`` takes beside the stimulus and its network."""

    window: str | None
    count: int | None
    polarity: str | None
    downscale: int | Literal["fit"]
    values: str | None
    columns: str | None
    time_unit: str | None
    sort: str | None
    batch: bool
    steps: int | None
    samples: int | None
    seed: int


class SubjectOptions(LoadOptions, StimulusOptions, total=False):
    """How a source is loaded, and how its stimulus is opened."""


def stimulus_of(
    stimulus: Source,
    network: Network,
    checking: bool = False,
    *,
    window: str | None = None,
    count: int | None = None,
    polarity: str | None = None,
    downscale: int | Literal["fit"] = 1,
    values: str | None = None,
    columns: str | None = None,
    time_unit: str | None = None,
    sort: str | None = None,
    batch: bool = False,
    steps: int | None = None,
    samples: int | None = None,
    seed: int = 0,
) -> Stimulus:
    """The stimulus of ``network`` that ``stimulus`` names; ``checking``: by default that of the model's checks.

    - ``window`` (``"10ms"``) or ``count``: which events of a recording make a frame; ``polarity``, ``downscale`` and
      ``values``: how they make it.
    - ``columns``, ``time_unit``, ``sort``: how a recording is read, as ``events_info`` takes them.
    - ``batch``: the arrays must have a sample axis.
    - ``steps``, ``samples``: of a stimulus that is made here, or the first of one that is given; ``seed``: of one that
      is made here.

    Raises InputError for what cannot be read or does not fit.
    """
    framing = Framing(window, count, polarity, downscale, values, columns, time_unit, sort)
    return open_stimulus(
        stimulus,
        network,
        steps=steps,
        samples=samples,
        seed=seed,
        batch=batch,
        framing=framing,
        checking=checking,
    )


def blocks_of(stimulus: Source, network: Network, **how: Unpack[StimulusOptions]) -> Blocks:
    """The same in blocks of steps: a recording is never held whole. Raises as ``stimulus_of`` does."""
    framing = Framing(**{name: value for name, value in how.items() if name in Framing.__dataclass_fields__})  # type: ignore[arg-type]
    making = {name: value for name, value in how.items() if name not in Framing.__dataclass_fields__}
    return open_blocks(stimulus, network, framing=framing, **making)  # type: ignore[arg-type]


def divided(options: SubjectOptions) -> tuple[LoadOptions, StimulusOptions]:
    """Options of a subject and its stimulus as those of either."""
    loading = {name: value for name, value in options.items() if name in LoadOptions.__annotations__}
    showing = {name: value for name, value in options.items() if name not in loading}
    return cast(LoadOptions, loading), cast(StimulusOptions, showing)


def texts(options: Mapping[str, object] | None) -> dict[str, str]:
    """Options of quantization and of a target as the command line has them: ``weight_bits=6`` is ``weight-bits=6``."""
    return {name.replace("_", "-"): str(value) for name, value in (options or {}).items()}


Function = TypeVar("Function", bound=Callable[..., Any])


def spell_out(*functions: Callable[..., Any]) -> Callable[[Function], Function]:
    """Show the keyword arguments of ``functions`` in the signature that takes them as ``**options``.

    Help and completion at a prompt then list them one by one, and one that is not among them is a TypeError which names
    the function that was called.
    """
    shared = [
        parameter
        for function in functions
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        kept = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
        spelled = signature.replace(parameters=[*kept, *shared])

        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            for name in options.keys() - spelled.parameters.keys():
                known = choices(name, spelled.parameters, "it takes")
                raise TypeError(f"{function.__name__}() has no argument {name!r}: {known}")
            return function(*args, **options)

        called.__signature__ = spelled  # type: ignore[attr-defined]
        return cast(Function, called)

    return decorate
