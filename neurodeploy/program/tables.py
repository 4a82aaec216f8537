"""The tables that show a Program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurodeploy.program.population import Input, Population
from neurodeploy.program.projection import Projection
from neurodeploy.table import Table, dimensions, span

POPULATION = ("name", "kind", "shape", ">scale", ">threshold", ">bias", ">decay u/v", "reset", "output")
NEURON = ("population", ">threshold error", ">bias error", ">decay error u", ">decay error v", ">largest current")
PROJECTION = ("name", "from", "to", "kind", "weights", ">integers", ">shift", "message")


def program_tables(
    inputs: Sequence[Input],
    populations: Sequence[Population],
    projections: Sequence[Projection],
    layers: Sequence[Mapping[str, Any]] = (),
) -> tuple[Table, Table, Table]:
    """Inputs, populations and projections; ``layers`` as in a bundle's report add what quantization did."""
    layer_of = {layer["projection"]: layer for layer in layers}
    extra = (">bits kept", ">largest error", ">worst input") if layers else ()
    return (
        Table("inputs", ("name", "shape", "quantizer"), [_input(node) for node in inputs]),
        Table("populations", POPULATION, [_population(node) for node in populations]),
        Table(
            "projections",
            (*PROJECTION, *extra),
            [(*_projection(p), *(_layer(layer_of.get(p.name)) if layers else ())) for p in projections],
        ),
    )


def neuron_table(neurons: Sequence[Mapping[str, Any]]) -> Table:
    """What rounding did to the constants of every population; ``neurons`` as in a bundle's report."""
    return Table("rounding of neurons", NEURON, [_neuron(neuron) for neuron in neurons])


def _neuron(neuron: Mapping[str, Any]) -> tuple[str, ...]:
    largest = neuron["largest_current"]
    errors = (neuron[f"{key}_error"] for key in ("threshold", "bias", "current_decay", "membrane_decay"))
    current = "unbounded" if largest is None else f"{100 * largest:.3g} % of its width"
    return neuron["population"], *(f"{error:.2g}" if error else "exact" for error in errors), current


def _input(node: Input) -> tuple[str, ...]:
    kind = "binary" if node.output.kind == "binary" else f"{node.bits} bit, scale 2^{node.scale}"
    ends = "" if node.ends is None else f", {node.ends[0]} to {node.ends[1]}"
    return node.name, dimensions(node.shape), kind + (" signed" if node.signed else "") + ends


def _population(p: Population) -> tuple[str, ...]:
    return (
        f"{p.name} (inserted)" if p.inserted else p.name,
        p.kind,
        dimensions(p.shape),
        f"2^{p.scale}",
        f"{p.compare} {span(p.threshold)}" if p.kind == "cuba-lif" else "",
        span(p.bias),
        f"{span(p.current_decay)}/{span(p.membrane_decay)}" if p.kind != "relay" else "",
        "every step" if p.every_step else p.reset,
        f"{p.output.kind} {p.output.width} bit",
    )


def _projection(p: Projection) -> tuple[str, ...]:
    return (
        p.name,
        p.source,
        p.target + (f" (delay {p.delay})" if p.delay else ""),
        p.kind,
        dimensions(p.weights.shape),
        span(p.weights),
        str(p.shift),
        f"{p.message_bits} bit",
    )


def _layer(layer: Mapping[str, Any] | None) -> tuple[str, ...]:
    if layer is None:
        return "", "", ""
    error = "exact" if layer["exact"] else f"{layer['largest_error']:.2g}"
    return str(layer["weight_bits"]), error, str(layer["worst_case_input"])
