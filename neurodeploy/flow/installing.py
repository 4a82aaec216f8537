"""What is set up on this machine: environments of targets, and reference networks as checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import neurodeploy.sanafe.environment as sanafe
from neurodeploy.errors import InputError
from neurodeploy.flow.outputs import check_apart
from neurodeploy.frontends.torch_extra import need_torch
from neurodeploy.model import GROUP, find_model
from neurodeploy.plugin import plugin_names
from neurodeploy.target import Target, find_target


def install_target(name: str, tell: Callable[[str], None] = print) -> Target | None:
    """Set up a target's own environment, or that of the simulator ``sana-fe``, which ``cost`` asks for estimates.

    Args:
        name: of the target; ``sana-fe`` is none, and gives None.
        tell: gets every line of progress.

    Raises:
        InputError: for an unknown target and one that needs no environment.
        UnavailableError, EnvironmentFailureError: where the set-up fails.

    Example:
        >>> nd.install_target("loihi-sim")
    """
    if name == sanafe.NAME:
        sanafe.install(tell)
        return None
    target = find_target(name, "targets install")
    if target.install is None:
        raise InputError(f"target {name} needs no environment of its own", "targets install", "use it as it is")
    target.install(tell)
    return target


def build_model(
    name: str,
    out: str | Path | None = None,
    preset: str | None = None,
    stimulus: str | Path | None = None,
    *,
    steps: int | None = None,
    samples: int | None = None,
    seed: int = 0,
) -> Path:
    """Write a reference network as a checkpoint, and return its path.

    Args:
        name: of the reference network.
        out: the checkpoint, ``NAME.pt`` by default.
        preset: a named configuration of it, its first by default.
        stimulus: where to write its stimulus too (``.npz``), of ``steps``, ``samples`` and ``seed``.

    Raises:
        InputError: for an unknown name or preset. UnavailableError: where torch is missing.

    Example:
        >>> nd.build_model("digits")
        PosixPath('digits.pt')
    """
    if name in plugin_names(GROUP):
        need_torch()
    model = find_model(name)
    config = model.preset(preset)
    from neurodeploy.frontends.checkpoint import save_checkpoint

    place = Path(f"{name}.pt") if out is None else Path(out)
    check_apart((place, stimulus), {})
    save_checkpoint(model, config, model.build(config), place)
    if stimulus is not None:
        model.stimulus(config, steps, samples, seed).save(Path(stimulus))
    return place
