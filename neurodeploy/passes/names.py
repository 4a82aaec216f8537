"""What the projections of a Program are called."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.passes.draft import Rounded


def unique_names(rounded: Sequence[Rounded]) -> list[str]:
    """Names of projections: the last layer's where it stands once, else with source, target, layers between, delay."""
    names = [each.projection.name for each in rounded]
    ends = [f":{each.path.source}->{each.path.target}" for each in rounded]
    joined = [name + end for name, end in zip(names, ends, strict=True)]
    chains = ["+".join(each.path.nodes) + end for each, end in zip(rounded, ends, strict=True)]
    delayed = [f"{chain}+{each.path.delay}" for chain, each in zip(chains, rounded, strict=True)]
    choices = (names, joined, chains, delayed)
    return [next(names[i] for names in choices if names.count(names[i]) == 1) for i in range(len(rounded))]
