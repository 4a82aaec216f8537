"""What is proved of every node of a Program: that no width is left, and which neurons never or always fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.checks import Check, Quantity
from neurodeploy.analysis.firing import Firing, firing
from neurodeploy.analysis.interval import LARGE
from neurodeploy.analysis.reach import Reached
from neurodeploy.analysis.reachability import InputRanges, input_ends, reachable
from neurodeploy.analysis.witness import Search, Witness
from neurodeploy.document import Block, Span, Tone, line, plain_text, quiet
from neurodeploy.html import html_document
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.table import Table, dimensions

Verdict = Literal["proved", "witness", "not proved"]
QUANTITIES: tuple[Quantity, ...] = ("accumulator", "current", "membrane", "message")
WORK = 3_000_000
"""Updates of neurons that the search for witnesses of one program may take: some tenths of a second."""
ROOM = "quantized with -O room=membrane, no membrane saturates, whatever the input"
TONES: Mapping[Verdict, Tone] = {"proved": "good", "witness": "warning", "not proved": "warning"}


@dataclass(frozen=True, eq=False)
class Claim:
    """That a quantity of a node leaves no width, for any input in the range, however long the run.

    - ``low``, ``high``: bounds of all its neurons before the width that is nearest to being left, ``least .. most``;
      None where there is no bound.
    - ``neurons``: how many of the node's neurons it is not proved of; ``neuron``: the one furthest outside, if any, and
      whether it may be left ``upward``.
    - ``witness``: an input that makes it happen.
    """

    quantity: Quantity
    low: int | None
    high: int | None
    least: int
    most: int
    neurons: int = 0
    neuron: tuple[int, ...] | None = None
    upward: bool = False
    witness: Witness | None = None

    @property
    def verdict(self) -> Verdict:
        """``proved``, refuted by a ``witness``, or ``not proved``."""
        return "witness" if self.witness is not None else "not proved" if self.neurons else "proved"

    @property
    def share(self) -> float | None:
        """The largest bound as a share of its width; above 1 it may leave it. None where there is no bound."""
        if self.low is None or self.high is None:
            return None
        down = self.low / self.least if self.least < 0 else float(self.low < self.least)
        return max(down, self.high / self.most if self.most > 0 else float(self.high > self.most), 0.0)

    def __str__(self) -> str:
        w = self.witness
        if w is not None:
            neuron = ",".join(map(str, w.neuron))
            return f"witness: {w.value} outside {w.least}..{w.most}, step {w.step}, neuron ({neuron})"
        bound = f"{_end(self.low, '-')}..{_end(self.high, '')}"
        if self.neurons:
            return f"not proved: {bound} against {self.least}..{self.most}, {self.neurons} neurons"
        return f"proved: {100 * (self.share or 0.0):.3g} %"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "verdict": self.verdict,
            "bound": [self.low, self.high],
            "limits": [self.least, self.most],
            "neurons_not_proved": self.neurons,
            "neuron": None if self.neuron is None else list(self.neuron),
            "witness": None if self.witness is None else self.witness.to_json(),
        }


@dataclass(frozen=True, eq=False)
class NodeProof:
    """What is proved of one node.

    - ``proved_neurons``: of how many of its neurons every claim is.
    - ``silent``: of its ``shape``, neurons that never send anything.
    - ``endless``: a membrane that may leave its width never decays, so that it gathers without end at any scale.
    """

    node: str
    kind: str
    shape: tuple[int, ...]
    claims: tuple[Claim, ...]
    proved_neurons: int
    silent: NDArray[np.bool_]
    firing: Firing | None = None
    endless: bool = False

    @property
    def neurons(self) -> int:
        """How many neurons it has."""
        return prod(self.shape)

    @property
    def verdict(self) -> Verdict:
        """``witness`` over ``not proved`` over ``proved``."""
        verdicts = {claim.verdict for claim in self.claims}
        return "witness" if "witness" in verdicts else "not proved" if "not proved" in verdicts else "proved"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        claims = {claim.quantity: claim.to_json() for claim in self.claims}
        neurons = {"neurons": self.neurons, "proved_neurons": self.proved_neurons}
        return {
            "verdict": self.verdict,
            **neurons,
            **claims,
            "firing": None if self.firing is None else self.firing.to_json(),
        }


@dataclass(frozen=True, eq=False)
class Proof:
    """What is proved of a Program for every input in ``ranges`` (real values by input; all its width where none is).

    Index it by the name of a node. ``quantized``: whether networks are quantized to this machine, so that another scale
    may be chosen; ``fixed``: nodes whose scale the network's contract fixes (``state_grid``).
    """

    nodes: tuple[NodeProof, ...]
    ranges: Mapping[str, tuple[float, float]]
    quantized: bool = True
    fixed: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> NodeProof:
        return next(node for node in self.nodes if node.node == name)

    @property
    def proved(self) -> tuple[NodeProof, ...]:
        """The nodes of which every claim is proved."""
        return tuple(node for node in self.nodes if node.verdict == "proved")

    @property
    def open(self) -> tuple[NodeProof, ...]:
        """The other nodes."""
        return tuple(node for node in self.nodes if node.verdict != "proved")

    @property
    def silent(self) -> Mapping[str, NDArray[np.bool_]]:
        """By node, which of its neurons never send anything."""
        return {node.node: node.silent for node in self.nodes}

    @property
    def _free(self) -> Iterator[NodeProof]:
        """The nodes for which another scale may be chosen, and may help."""
        return (node for node in self.nodes if node.node not in self.fixed and not node.endless)

    @property
    def summary(self) -> str:
        """One sentence."""
        neurons = sum(node.neurons for node in self.nodes)
        proved = sum(node.proved_neurons for node in self.nodes)
        share = f"{len(self.proved)} of {len(self.nodes)} nodes, {proved} of {neurons} neurons"
        return f"proved that no width is left, whatever the input: {share}"

    def blocks(self, complete: bool = False) -> list[Block]:
        """The summary, what is not proved, and neurons that never or always fire; ``complete``: a row per node."""
        lines: list[Block] = [quiet(self.summary)] if not self.open else [line(Span(self.summary, "warning"))]
        lines += (
            []
            if complete
            else [_open(node.node, claim) for node in self.open for claim in node.claims if claim.neurons]
        )
        if self.quantized and any(c.neurons and c.quantity == "membrane" for node in self._free for c in node.claims):
            lines.append(quiet(ROOM, indent=2))
        firing_lines = [text for node in self.nodes if node.firing is not None for text in node.firing.lines(node.node)]
        return [*([self.table()] if complete else []), *lines, *(quiet(text, indent=2) for text in firing_lines)]

    def table(self) -> Table:
        """A row per node, a column per quantity."""
        rows = [
            (
                node.node,
                dimensions(node.shape),
                node.verdict,
                *(_cell(node.claims, quantity) for quantity in QUANTITIES),
            )
            for node in self.nodes
        ]
        used = [i for i in range(3 + len(QUANTITIES)) if i < 3 or any(row[i] for row in rows)]
        columns = ("node", "shape", "verdict", *QUANTITIES)
        title = "no width is left, whatever the input and however long"
        return Table(title, [columns[i] for i in used], [[row[i] for i in used] for row in rows])

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "proved": len(self.proved),
            "nodes": {node.node: node.to_json() for node in self.nodes},
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
        }

    def __repr__(self) -> str:
        return plain_text(self.blocks(complete=True))

    def _repr_html_(self) -> str:
        return html_document(self.blocks(complete=True))


def prove_program(program: Program, ranges: InputRanges | None = None, witnesses: bool = True) -> Proof:
    """Prove, node by node, that no accumulator, current, membrane or graded message can leave its width.

    It holds for every input in ``ranges`` and runs of any length. Where it cannot be proved, an input that makes it
    happen is searched for and run on the reference; where none is found, the bound is told.

    Args:
        program: integers of one machine.
        ranges: least and greatest real value of inputs, by name; without one, all that the input's quantizer gives.
        witnesses: whether inputs are searched for.

    Raises:
        InputError: for a program with a loop without delay.

    Example:
        >>> prove_program(nd.quantize("model.pt", "loihi2").program)["lif1"].verdict
        'proved'
    """
    reached = reachable(program, ranges)
    claims = {name: _claims(program.by_name[name], reached[name]) for name in program.order}
    if witnesses:
        ends = {node.name: input_ends(node, (ranges or {}).get(node.name)) for node in program.inputs}
        search = Search(program, ends, WORK, sum(claim.neurons > 0 for group in claims.values() for claim in group))
        claims = {name: tuple(_searched(search, name, claim) for claim in group) for name, group in claims.items()}
    nodes = (program.by_name[name] for name in program.order)
    return Proof(
        tuple(_node(node, claims[node.name], reached[node.name], program.numerics) for node in nodes),
        dict(ranges or {}),
        program.numerics.accumulation == "sum",
    )


def _node(population: Population, claims: tuple[Claim, ...], reached: Reached, n: Numerics) -> NodeProof:
    fires = firing(population, reached, n) if population.kind == "cuba-lif" else None
    proved = int(np.count_nonzero(np.logical_and.reduce([check.holds for check in reached.checks])))
    silent = (reached.sent[0] == 0) & (reached.sent[1] == 0)
    outside = [~check.holds for check in reached.checks if check.quantity == "membrane"]
    endless = bool(np.any(np.logical_or.reduce(outside) & (population.membrane_decay == 0))) if outside else False
    return NodeProof(population.name, population.kind, population.shape, claims, proved, silent, fires, endless)


def _claims(population: Population, reached: Reached) -> tuple[Claim, ...]:
    """What the bounds alone say of every quantity of a population."""
    return tuple(
        _claim(population, quantity, [check for check in reached.checks if check.quantity == quantity])
        for quantity in QUANTITIES
        if any(check.quantity == quantity for check in reached.checks)
    )


def _claim(population: Population, quantity: Quantity, checks: Sequence[Check]) -> Claim:
    check = max(checks, key=lambda check: float(_excess(check).max(initial=-1.0)))
    low, high = int(check.low.min(initial=0)), int(check.high.max(initial=0))
    bound = None if low <= -LARGE else low, None if high >= LARGE else high
    outside = int(np.count_nonzero(~np.logical_and.reduce([check.holds for check in checks])))
    if not outside:
        return Claim(quantity, *bound, check.least, check.most)
    neuron = tuple(int(i) for i in np.unravel_index(int(_excess(check).argmax()), population.shape))
    upward = bool(check.high[neuron] - check.most > check.least - check.low[neuron])
    return Claim(quantity, *bound, check.least, check.most, outside, neuron, upward)


def _searched(search: Search, node: str, claim: Claim) -> Claim:
    if claim.neuron is None:
        return claim
    return replace(claim, witness=search.find(node, claim.quantity, claim.neuron, claim.upward))


def _excess(check: Check) -> Any:
    """How far each neuron's bound is outside, as a share of the range; negative inside."""
    span = max(check.most - check.least, 1)
    return np.maximum(check.high - check.most, check.least - check.low) / span


def _end(value: int | None, sign: str) -> str:
    return f"{sign}unbounded" if value is None else str(value)


def _cell(claims: Sequence[Claim], quantity: Quantity) -> str:
    return next((str(claim) for claim in claims if claim.quantity == quantity), "")


def _open(node: str, claim: Claim) -> Block:
    return line(Span(f"{node}: {claim.quantity} {claim}", TONES[claim.verdict]), indent=2)
