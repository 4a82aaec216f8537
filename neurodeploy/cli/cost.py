"""``neurodeploy cost``."""

from __future__ import annotations

from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working


@with_blocks
def cost(
    subject: o.Subject,
    stimulus: o.Stimulus = None,
    assign: o.Assign = None,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Time a step here, and count instructions of firmware.")
    ] = True,
    estimate: Annotated[
        bool, typer.Option("--estimate/--no-estimate", help="Estimate energy and time with SANA-FE, where installed.")
    ] = True,
    trust_sources: o.TrustSources = False,
    *,
    framing: o.Framing,
    making: o.Making,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Count what a network costs, as NeuroBench defines it.

    On a stimulus: footprint, sparsities, synaptic operations and membrane updates of the float network and of its
    integers are exact counts; times and instructions stand beside them as measured, and energy and time on Loihi 1 as
    what SANA-FE estimates (neurodeploy targets install sana-fe).
    """
    from neurodeploy import flow
    from neurodeploy.report.console import render

    with working("counting", output.silent):
        report = flow.cost(
            subject,
            stimulus,
            options=o.assignments(assign),
            measure=measure,
            estimate=estimate,
            trust_sources=trust_sources,
            **framing.arguments(),
            **vars(making),
            **loading.arguments(),
        )
    output.tell(report.findings)
    output.show(report.to_json, render(report.blocks()))
