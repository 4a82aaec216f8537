"""The quantization rung explained: what rounding cost every population, what no rounding made, and what to do about it.

A difference between the float network and its integers is either a loss, which a budget judges, or a fault of the
quantizer. ``with_losses`` keeps them apart: a population beyond what rounding can make diverges, whatever the budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from neurodeploy.document import Block, Line, Span, line, quiet
from neurodeploy.losses.losses import Loss, Losses
from neurodeploy.losses.remedy import best_for, best_of
from neurodeploy.losses.terms import Term
from neurodeploy.parity.rung import NOT_ROUNDING, Divergence, NodeResult, Rung
from neurodeploy.table import Table, number, said

MOST_BEYOND = 4
"""Faults of one population that are listed before the rest is left out."""
LEAST_COST = 5e-4
"""A term that costs less Jaccard is not listed on the console."""


def with_losses(rung: Rung, losses: Losses) -> Rung:
    """The rung with what quantization did; diverged where some of it is no rounding, whatever the budget."""
    strangers = losses.strangers
    if not strangers:
        return replace(rung, losses=losses)
    reasons = tuple(f"{name}: {NOT_ROUNDING}: {_faults(loss)}" for name, loss in strangers.items())
    first = _first(strangers) or rung.first_divergence
    return replace(rung, verdict="diverged", losses=losses, first_divergence=first, reasons=(*reasons, *rung.reasons))


def _faults(loss: Loss) -> str:
    """What is wrong with a population, in a few words."""
    listed = [str(part) for part in loss.beyond[:MOST_BEYOND]]
    more = len(loss.beyond) - len(listed)
    listed += [f"{more} more"] if more > 0 else []
    if loss.cells_beyond:
        listed.append(f"{loss.cells_beyond} of {loss.cells} membranes or decisions are further away than rounding")
    return "; ".join(listed)


def _first(strangers: dict[str, Loss]) -> Divergence | None:
    """The earliest cell that is further away than rounding, of the population nearest to the inputs."""
    firsts = [(loss.first.step, rank) for rank, loss in enumerate(strangers.values()) if loss.first is not None]
    if not firsts:
        return None
    name, loss = list(strangers.items())[min(firsts)[1]]
    cell = loss.first
    assert cell is not None
    return Divergence(name, cell.sample, cell.step, cell.neuron, cell.expected, cell.actual, "membrane")


def loss_blocks(rung: Rung) -> list[Block]:
    """What quantization cost each population, and the remedy that was measured; nothing where it was not asked for."""
    losses = rung.losses
    if losses is None or not any(loss.costs for loss in losses.populations.values()):
        return []
    some = [name for name, node in rung.nodes.items() if _lost(node, losses.populations.get(name))]
    if not some:
        return []
    lines: list[Line] = [line("what quantization costs, Jaccard by layer", indent=2)]
    for name in some:
        lines += _layer(name, rung.nodes[name], losses.populations[name], losses)
    return [*lines, *_everywhere(losses), *_tried(losses)]


def _lost(node: NodeResult, loss: Loss | None) -> bool:
    """Whether a spiking node lost spikes."""
    if loss is None or node.jaccard is None or loss.isolated is None:
        return False
    return node.jaccard < 1 or loss.isolated < 1


def _layer(name: str, node: NodeResult, loss: Loss, losses: Losses) -> Iterator[Line]:
    """What one population lost, to what, and what helps."""
    assert node.jaccard is not None and loss.isolated is not None
    inherited = loss.isolated - node.jaccard
    parts = [f"{term} {_signed(cost)}" for term, cost in _ranked(loss) if abs(cost) >= LEAST_COST]
    parts += [f"inherited {_signed(inherited)}"] if inherited >= LEAST_COST else []
    lost = ", ".join(parts) or "nothing that comes back by restoring one term alone"
    yield line(Span(f"{name}: "), Span(f"{node.jaccard:.3f} cascaded, {loss.isolated:.3f} isolated"), indent=4)
    yield quiet(f"costs: {lost}", indent=6)
    if loss.saturated:
        share = 100 * loss.saturated / loss.cells
        text = (
            f"{share:.2g} % of its cells come to an end of the machine's width; the largest is {loss.reach:.3g} of it"
        )
        yield line(Span(text, "warning"), indent=6)
    best = best_for(losses.remedies, name, losses.budget)
    if best is not None:
        effect = f"{best.before[name]:.3f} → {best.after[name]:.3f}"
        yield line("remedy: ", Span(f"{best.kind}", "good"), f", {best.how}: {effect}", indent=6)
    elif losses.remedies and node.jaccard < losses.budget:
        yield line("remedy: ", Span("train", "good"), f": nothing that was tried raises {node.jaccard:.3f}", indent=6)


def _ranked(loss: Loss) -> list[tuple[str, float]]:
    return sorted(((str(term), cost) for term, cost in loss.costs.items()), key=lambda pair: -pair[1])


def _signed(cost: float) -> str:
    return f"{cost:.3f}" if cost >= 0 else f"−{-cost:.3f}"


def _everywhere(losses: Losses) -> Iterator[Line]:
    """What each term is worth to the whole network and its task."""
    plain = losses.everywhere.get("none")
    if plain is None or "accuracy" not in plain.task:
        return
    yield line(
        f"with one term at its float value in every layer, worst layer, on {losses.task_samples} samples", indent=2
    )
    for term, restored in losses.everywhere.items():
        if restored is not plain:
            task = _accuracy(plain.task["accuracy"], restored.task["accuracy"])
            yield line(f"{term}: {plain.worst:.3f} → {restored.worst:.3f}{task}", indent=4)


def _tried(losses: Losses) -> Iterator[Line]:
    """Every remedy that was tried, by its worst layer and the task."""
    best = best_of(losses.remedies, losses.budget)
    if best is not None:
        yield line("what was tried on this stimulus, Jaccard of the worst layer", indent=2)
    for remedy in losses.remedies:
        if remedy.refused:
            yield quiet(f"{remedy.kind}, {remedy.how}: not possible: {remedy.refused}", indent=4)
            continue
        before = min(remedy.before.values(), default=0.0)
        task = "" if remedy.accuracies is None else _accuracy(*remedy.accuracies)
        held = ", on samples it was not calibrated with" if remedy.held_out else ""
        text = f"{remedy.kind}, {remedy.how}: {before:.3f} → {remedy.worst:.3f}{task}{held}"
        yield line(Span(text, "good" if remedy is best else "plain"), indent=4)


def _accuracy(before: float, after: float) -> str:
    return f", accuracy {100 * before:.4g} % → {100 * after:.4g} %"


def loss_table(losses: Losses) -> Table:
    """Every term and how much of the rounding bound was reached, population by population."""
    terms: list[Term] = list(dict.fromkeys(term for loss in losses.populations.values() for term in loss.costs))
    rows = [
        (
            f"{name} (calibrated)" if loss.calibrated else name,
            "" if loss.isolated is None else f"{loss.isolated:.4f}",
            *("" if term not in loss.costs else f"{loss.costs[term]:.4f}" for term in terms),
            f"{100 * loss.share:.3g} %",
            f"{100 * loss.saturated / max(loss.cells, 1):.3g} %",
            number(loss.cells_beyond),
        )
        for name, loss in losses.populations.items()
    ]
    columns = ("node", ">isolated", *(f">{term}" for term in terms), ">of the bound", ">cut by widths", ">beyond")
    return said(Table("quantization: what each term costs, and how near rounding came to its bound", columns, rows))
