"""What the projections of a Program are called."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.passes.draft import Rounded


def unique_names(rounded: Sequence[Rounded]) -> list[str]:
    """Names of projections: the last layer's where it stands once, else with source, target, layers between, delay."""
    names = [layer.projection.name for layer in rounded]
    ends = [f":{layer.path.source}->{layer.path.target}" for layer in rounded]
    joined = [name + end for name, end in zip(names, ends, strict=True)]
    chains = ["+".join(layer.path.nodes) + end for layer, end in zip(rounded, ends, strict=True)]
    delayed = [f"{chain}+{layer.path.delay}" for chain, layer in zip(chains, rounded, strict=True)]
    choices = (names, joined, chains, delayed)
    return [next(names[i] for names in choices if names.count(names[i]) == 1) for i in range(len(rounded))]
