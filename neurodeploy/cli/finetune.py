"""``neurodeploy finetune``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.early import check_names
from neurodeploy.cli.progress import epochs_bar

if TYPE_CHECKING:
    from neurodeploy.torch.training import Epoch


@dataclass(frozen=True)
class Training:
    """How a network is trained."""

    epochs: Annotated[int, typer.Option(metavar="N", help="Most epochs.")] = 20
    learning_rate: Annotated[float, typer.Option(metavar="X", help="Of Adam, in levels of the grid.")] = 0.02
    minibatch: Annotated[int, typer.Option(metavar="N", help="Samples per step.")] = 64
    patience: Annotated[int, typer.Option(metavar="N", help="End after so many epochs without a better one.")] = 10
    held_out: Annotated[
        float, typer.Option(metavar="X", help="Share of the samples that judge instead of being trained with.")
    ] = 0.2
    distill: Annotated[
        float, typer.Option(metavar="X", help="Weight of the distance from the original's spikes and membranes.")
    ] = 0.0
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of the split and the order of the samples.")] = 0


@with_blocks
def finetune(
    source: o.Source,
    stimulus: Annotated[
        Path,
        typer.Option(
            "--input", "-i", metavar="STIMULUS", help="An .npz of arrays (B, T, ...) per input, and labels (B,)."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="The .nir to write (default <source-stem>.trained.nir)."),
    ] = None,
    target: o.Target = None,
    calibrate: o.Calibrate = None,
    assign: o.Assign = None,
    *,
    training: Training,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Train the integers of a network on labelled samples.

    Forward is the integer program itself. The file that is written exports to exactly the integers that were trained.
    What is kept is the best epoch on samples held out, the start among them.
    """
    options = o.assignments(assign)
    check_names(target, options)
    from neurodeploy import flow
    from neurodeploy.report.console import render

    with epochs_bar(training.epochs, output.silent) as tell:

        def progress(epoch: Epoch, most: int) -> None:
            accuracy = epoch.held_out.accuracy
            tell(f"loss {epoch.held_out.loss:.4f}" + ("" if accuracy is None else f", accuracy {100 * accuracy:.1f} %"))

        result = flow.finetune(
            source,
            stimulus,
            out,
            target,
            options,
            calibrate,
            progress,
            **vars(training),
            **loading.arguments(),
        )
    output.tell(result.findings)
    output.show(result.to_json, render(result.tables), f"wrote {result.path}")
