"""The stimulus of a check that asks for one which exercises as much as possible."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from neurodeploy.errors import InputError
from neurodeploy.flow.arguments import StimulusOptions, stimulus_of
from neurodeploy.guided import Effort, guided_stimulus
from neurodeploy.guided.search import SAMPLES
from neurodeploy.network.network import Network
from neurodeploy.parity.climb import Progress
from neurodeploy.program.program import Program
from neurodeploy.stimuli import Source
from neurodeploy.stimulus import Stimulus

AUTO = "auto"
"""What a check takes instead of a stimulus, to search one."""
MAKING = ("steps", "samples", "seed")


def is_auto(stimulus: Source) -> bool:
    """Whether a stimulus is to be searched."""
    return isinstance(stimulus, str) and stimulus == AUTO


def searched_stimulus(
    network: Network, program: Program, progress: Progress, **showing: Unpack[StimulusOptions]
) -> Stimulus:
    """The stimulus that a seeded search finds for a program.

    Of ``showing`` it takes ``steps`` (those of the model's own stimulus by default), ``samples`` and ``seed``. Raises
    InputError for the others, and for a network whose input an encoder makes.
    """
    if network.host.pre is not None:
        problem = "an encoder makes this network's input, and no signal is searched for"
        raise InputError(problem, "--stimulus auto", "give signals with --input, or leave out the option")
    needless = [name for name, value in showing.items() if name not in MAKING and value not in (None, False, 1)]
    if needless:
        problem, option = "there is no recording or file to read", needless[0].replace("_", "-")
        raise InputError(problem, f"--{option}", "leave out the option, or --stimulus auto")
    seed = showing.get("seed", 0)
    steps = showing.get("steps") or stimulus_of(None, network, seed=seed).steps
    effort = Effort.of(program, steps, showing.get("samples") or SAMPLES)
    return guided_stimulus(
        program, network, steps, seed, effort, lambda done, of: progress(f"searching a stimulus: {100 * done // of} %")
    )


def shown_to(
    network: Network,
    program: Program,
    given: Stimulus | None,
    path: str | Path | None,
    progress: Progress,
    **showing: Unpack[StimulusOptions],
) -> Stimulus:
    """The stimulus that was ``given``, or one that is searched; saved where a path is given."""
    shown = searched_stimulus(network, program, progress, **showing) if given is None else given
    if path is not None:
        shown.save(path)
    return shown


def more(network: Network, shown: Stimulus) -> str:
    """How a check exercises more than it did with this stimulus."""
    if shown.origin.kind == "search":
        return "the search did not reach it; try more --steps or another --seed, or accept it with --coverage 0"
    if network.host.pre is not None:
        return f"show it more, e.g. --samples {2 * shown.batch}"
    return "check again with --stimulus auto"


def recipe(shown: Stimulus) -> dict[str, int]:
    """What makes the same search again; nothing for a stimulus that was not searched."""
    if shown.origin.kind != "search" or shown.origin.seed is None:
        return {}
    return {"seed": shown.origin.seed, "steps": shown.steps, "samples": shown.batch}
