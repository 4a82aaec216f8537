"""``neurodeploy inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.errors import InputError


@with_blocks
def inspect(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help=f"A bundle, a trace (.npz), {o.SOURCE_KINDS}.", show_default=False)
    ],
    target: Annotated[
        str | None, typer.Option("--target", "-t", metavar="NAME", help="Show a model's integers for this target too.")
    ] = None,
    assign: o.Assign = None,
    *,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Show what a model, bundle or trace holds.

    Graph, shapes and contract of a model, with --target its integers too; a bundle's program, notes and files; a
    trace's nodes and their activity. With -q it only says, by its exit code, whether it can be read.
    """
    from neurodeploy.bundle import Bundle
    from neurodeploy.flow.subject import open_subject
    from neurodeploy.report.console import show_bundle, show_network, show_trace, stdout
    from neurodeploy.report.plain import bundle_json, network_json, trace_json
    from neurodeploy.trace import Trace

    how = loading.arguments()
    if path.suffix == ".npz" and path.is_file():
        _source_only(target, assign)
        trace = Trace.load(path)
        data, shown = trace_json(trace), [show_trace(trace)]
    else:
        opened = open_subject(path, **how)
        if isinstance(opened, Bundle):
            _source_only(target, assign)
            data, shown = bundle_json(opened), [show_network(opened.network), show_bundle(opened)]
        else:
            data, shown = network_json(opened), [show_network(opened)]
            if target is not None:
                data, shown = _with_program(opened, target, assign, data, shown)
    if output.as_json:
        o.emit(data)
    elif not output.quiet:
        for part in shown:
            stdout().print(part)


def _source_only(target: str | None, assign: list[str] | None) -> None:
    if target is not None or assign:
        option = "--target" if target is not None else "-O"
        raise InputError("shows a source as integers, and this is none", option, "leave out the option")


def _with_program(network: Any, target: str, assign: list[str] | None, data: Any, shown: list[Any]) -> tuple[Any, Any]:
    from dataclasses import asdict

    from neurodeploy.flow import lower
    from neurodeploy.report.console import show_program
    from neurodeploy.report.plain import program_json

    lowered = lower(network, target, o.assignments(assign))
    layers = [asdict(layer) for layer in lowered.layers]
    neurons = [neuron.to_json() for neuron in lowered.neurons]
    program = lowered.artifact.program
    told = {"program": program_json(program), "layers": layers, "neurons": neurons}
    return {**data, **told}, [*shown, show_program(program, layers, neurons)]
