"""``neurodeploy inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.early import check_names, complete_target


@with_blocks
def inspect(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help=f"A bundle, a trace (.npz), {o.SOURCE_KINDS}.", show_default=False)
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            "-t",
            metavar="NAME",
            help="Show a model's integers for this target too.",
            autocompletion=complete_target,
        ),
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
    options = o.assignments(assign)
    check_names(target, options)
    from neurodeploy import flow
    from neurodeploy.report.console import show_inspection

    view = flow.inspect(path, target, options, **loading.arguments())
    output.show(view.to_json, *show_inspection(view))
