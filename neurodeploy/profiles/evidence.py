"""Tests of a file's graph, from which evidence is made."""

from __future__ import annotations

from collections.abc import Callable

from neurodeploy.network.raw import NEURON_KINDS, Raw, RawNode

Test = Callable[[RawNode], bool]


def neurons(raw: Raw, *only: str) -> list[RawNode]:
    """Neurons of the graph, of the named kinds."""
    return [node for node in raw.nodes.values() if node.kind in (only or NEURON_KINDS)]


def every(test: Test, *only: str) -> Callable[[Raw], bool]:
    """Whether there are such neurons and all pass."""
    return lambda raw: bool(neurons(raw, *only)) and all(test(node) for node in neurons(raw, *only))


def kinds(*allowed: str) -> Callable[[Raw], bool]:
    """Whether all neurons are of the named kinds."""
    return every(lambda node: node.kind in allowed)


def dtypes_are(*names: str) -> Callable[[Raw], bool]:
    """Whether all numbers of all neurons have one of the named types."""

    def test(node: RawNode) -> bool:
        arrays = [array for key in node.fields if (array := node.number(key)) is not None]
        return bool(arrays) and all(str(array.dtype) in names for array in arrays)

    return every(test)


def version_is(*prefixes: str) -> Callable[[Raw], bool]:
    """Whether nir's version in the file starts with one of these."""
    return lambda raw: any(raw.version.startswith(prefix) for prefix in prefixes)
