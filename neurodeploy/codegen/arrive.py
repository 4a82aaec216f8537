"""What arrives at a population, in portable C: its accumulators are cleared, and every projection adds its messages."""

from __future__ import annotations

from neurodeploy.codegen.context import Context
from neurodeploy.codegen.edge import edges
from neurodeploy.codegen.kernels import Kernel
from neurodeploy.codegen.saturating_events import delivery_kernel
from neurodeploy.codegen.tables import Tables
from neurodeploy.step.neuron import CURRENT
from neurodeploy.step.plan import Stage


def arrive_text(c: Context, stage: Stage, number: int, prefix: str, tables: Tables, kernel: Kernel) -> str:
    """A kernel for every projection of a stage, and ``<prefix>_arrive<number>(c)``, which calls them in order.

    ``kernel`` renders the function that adds one projection's messages. Raises InputError for a window that does not
    fit.
    """
    kernels: list[str] = []
    calls: list[str] = []
    name = stage.population.name
    target = c.layouts[name]

    def function() -> str:
        return f"{prefix}_add{number}_{len(kernels)}"

    for accumulator in stage.arrival.accumulators:
        start = c.accumulator(stage, accumulator.name)
        calls.append(f"  for (int32_t i = 0; i < {target.size}; i++) ({start})[i] = 0;")
        for edge in edges(c.plan, accumulator, c.layouts, target):
            calls.append(f"  {function()}({start}, {c.past(edge.projection.source, edge.projection.delay)});")
            kernels.append(kernel(edge, function(), tables))
    for delivery in stage.arrival.deliveries:
        source = delivery.projection.source
        sender, layout = c.plan.senders[source], c.layouts[source]
        calls.append(f"  {function()}({c.state(name, CURRENT)}, {c.past(source, delivery.projection.delay)});")
        kernels.append(delivery_kernel(delivery, sender, layout, target, function(), tables))
    lines = "\n".join(calls or ["  (void)c;"])
    arrive = f"\nstatic void {prefix}_arrive{number}({prefix}_context *c) {{\n{lines}\n}}\n"
    return "".join(kernels) + arrive
