"""Wrong rules of a node's synapses: numbers, places, times and messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.fan import Fan
from neurodeploy.adequacy.line import Line
from neurodeploy.adequacy.node import Node
from neurodeploy.adequacy.rules import Wrong
from neurodeploy.program.population import Output

IntArray = NDArray[np.int64]
DRAWN = 24
"""Weights of a projection that are made wrong, one at a time, in every way."""


def synapse_rules(node: Node, fans: Sequence[Fan], sent: Sequence[Output], rng: np.random.Generator) -> Iterator[Wrong]:
    """Every wrong rule of the lines of a node. ``sent``: by line, what its source sends."""
    every = np.arange(node.population.size)
    for number, (fan, output) in enumerate(zip(fans, sent, strict=True)):
        line = node.lines[number]
        yield from _weights(node, number, rng)
        for words, rows in fan.wrong.items():
            yield Wrong("geometry", words, _with(node, number, replace(line, rows=rows)), every)
        for term, words, wrong in _lines(line, output):
            yield Wrong(term, words, _with(node, number, wrong), every)


def _with(node: Node, number: int, line: Line) -> Node:
    return replace(node, lines=(*node.lines[:number], line, *node.lines[number + 1 :]))


def _weights(node: Node, number: int, rng: np.random.Generator) -> Iterator[Wrong]:
    """Weights of some synapses, each wrong by itself: a neuron has one wrong weight, and stands once for each."""
    line = node.lines[number]
    neuron, column = np.nonzero(line.rows)
    if not len(neuron):
        return
    drawn = rng.permutation(len(neuron))[:DRAWN]
    neuron, column = neuron[drawn], column[drawn]
    value = line.rows[neuron, column]
    grain = max(1, int(np.gcd.reduce(line.projection.weights, axis=None)))
    step = np.full_like(value, grain)
    alone = node.neurons(neuron)
    for words, more in (("one step up", step), ("one step down", -step), ("its sign", -2 * value), ("lost", -value)):
        yield Wrong("weights", words, _with(alone, number, line.of(neuron, (column, more))), neuron)


def _lines(line: Line, output: Output) -> Iterator[tuple[str, str, Line]]:
    projection = line.projection
    for words, step in (("twice as large", 1), ("half as large", -1)):
        yield "exponent", words, replace(line, projection=replace(projection, shift=projection.shift + step))
    yield "delay", "one step more", replace(line, projection=replace(projection, delay=projection.delay + 1))
    yield "delay", "one step less", replace(line, projection=replace(projection, delay=projection.delay - 1))
    if projection.message_bits > 1:
        yield "message", "only that there is one", replace(line, projection=replace(projection, message_bits=1))
        half = 1 << max(output.width - 1 - output.signed, 0)
        low = -half if output.signed else 0
        yield "message", "one bit narrower", replace(line, sent=np.clip(line.sent.astype(np.int64), low, half - 1))
        if output.signed:
            yield "message", "without its sign", replace(line, sent=np.abs(line.sent.astype(np.int64)))
    elif output.width > 1 or output.signed:
        wide = replace(projection, message_bits=output.width + 1)
        yield "message", "its value instead of its presence", replace(line, projection=wide)
