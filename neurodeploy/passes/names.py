"""What the projections of a Program are called."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.passes.draft import Rounded

LOWER = ".low"
"""Behind the name of a projection, that of the lower part of its weights."""


def unique_names(rounded: Sequence[Rounded]) -> list[str]:
    """Names of projections: the last layer's where it stands once, else with source, target, layers between, delay.

    The lower of two parts of a path is called as the upper one, with ``LOWER`` behind.
    """
    upper = iter(_unique([layer for layer in rounded if not layer.lower]))
    names: list[str] = []
    for layer in rounded:
        names.append(f"{names[-1]}{LOWER}" if layer.lower else next(upper))
    return names


def _unique(rounded: Sequence[Rounded]) -> list[str]:
    names = [layer.projection.name for layer in rounded]
    ends = [f":{layer.path.source}->{layer.path.target}" for layer in rounded]
    joined = [name + end for name, end in zip(names, ends, strict=True)]
    chains = ["+".join(layer.path.nodes) + end for layer, end in zip(rounded, ends, strict=True)]
    delayed = [f"{chain}+{layer.path.delay}" for chain, layer in zip(chains, rounded, strict=True)]
    choices = (names, joined, chains, delayed)
    return [next(names[i] for names in choices if names.count(names[i]) == 1) for i in range(len(rounded))]
