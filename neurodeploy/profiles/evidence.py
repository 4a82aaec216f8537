"""What evidence is made of: questions to a file's graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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


def batch_in_input(raw: Raw) -> Mapping[str, str]:
    """Inputs whose first dimension, 1, is one more than what they feed takes."""
    found: dict[str, str] = {}
    for name, node in raw.nodes.items():
        shape = node.number("shape") if node.kind == "Input" else None
        if shape is None or shape.ndim != 1 or len(shape) < 2 or shape[0] != 1:
            continue
        wanted = [dims for target in raw.targets(name) if (dims := _dimensions(raw.nodes.get(target))) is not None]
        if wanted and all(dims == len(shape) - 1 for dims in wanted):
            found[name] = f"its shape {shape.tolist()} has a batch dimension, which NIR's shapes have not"
    return found


def _dimensions(node: RawNode | None) -> int | None:
    """How many dimensions a node's input has, where the node tells."""
    if node is None:
        return None
    fixed = {"Conv1d": 2, "Conv2d": 3, "SumPool2d": 3, "AvgPool2d": 3, "Affine": 1, "Linear": 1}
    if node.kind in fixed:
        return fixed[node.kind]
    sizes = [value.ndim for key in node.fields if (value := node.number(key)) is not None and value.ndim]
    return max(sizes) if sizes and node.kind in NEURON_KINDS else None
