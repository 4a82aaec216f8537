"""What the projections of a Program are called."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.network.network import Network
from neurodeploy.passes.synapses import Synapse
from neurodeploy.program.projection import Projection


def in_order(network: Network, paths: Sequence[Synapse]) -> list[Synapse]:
    """The paths in the order of the populations they enter."""
    return [path for name in network.populations for path in paths if path.target == name]


def unique_names(projections: Sequence[Projection], paths: Sequence[Synapse]) -> list[str]:
    """Names of projections: the last layer's where it stands once, else with source, target, layers between, delay."""
    names = [projection.name for projection in projections]
    longer = [f"{name}:{path.source}->{path.target}" for name, path in zip(names, paths, strict=True)]
    whole = [f"{'+'.join(path.nodes)}:{path.source}->{path.target}" for path in paths]
    late = [f"{name}+{path.delay}" for name, path in zip(whole, paths, strict=True)]
    choices = (names, longer, whole, late)
    return [next(each[i] for each in choices if each.count(each[i]) == 1) for i in range(len(projections))]
