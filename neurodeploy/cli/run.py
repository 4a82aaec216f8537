"""``neurodeploy run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.progress import working


def run(
    subject: o.Subject,
    stimulus: o.Stimulus = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="RUNG", help="source, network, program or a target (default: the bundle's target)."),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="TRACE", help="Write the trace (.npz).")] = None,
    states: Annotated[bool, typer.Option("--states", help="Record membranes and currents too.")] = False,
    operations: Annotated[
        bool, typer.Option("--operations", help="Count synaptic operations, neuron updates and events (integer rungs).")
    ] = False,
    assign: o.Assign = None,
    window: o.Window = None,
    count: o.Count = None,
    polarity: o.Polarity = None,
    downscale: o.Downscale = "1",
    values: o.Values = None,
    batch: o.Batch = False,
    steps: o.Steps = None,
    samples: o.Samples = None,
    seed: o.Seed = 0,
    profile: o.Profile = None,
    contract: o.ContractFile = None,
    module: o.Module = None,
    input_shape: o.InputShape = None,
    input_range: o.InputValues = None,
    dt: o.Dt = None,
    trust_pickle: o.TrustPickle = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Run one rung on a stimulus; show or write its trace."""
    from neurodeploy.flow.recordings import open_input
    from neurodeploy.flow.running import run as execute
    from neurodeploy.flow.subject import network_of, open_subject
    from neurodeploy.report.console import show_trace, stdout
    from neurodeploy.report.plain import trace_json

    frames = o.framing(window, count, polarity, downscale, values)
    how = o.load_options(profile, contract, module, input_shape, input_range, dt, trust_pickle)
    opened = open_subject(subject, **how)
    arrays = open_input(stimulus, network_of(opened), frames, steps, samples, seed, batch)
    with working(f"running {on or subject}", quiet or as_json):
        trace = execute(opened, arrays, on=on, states=states, options=o.assignments(assign), operations=operations)
    if out is not None:
        trace.save(out, batched=batch or trace.batch > 1)
    if as_json:
        o.emit({**trace_json(trace), "trace": None if out is None else str(out)})
    elif not quiet:
        stdout().print(show_trace(trace))
