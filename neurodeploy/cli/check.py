"""``neurodeploy check``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.early import check_names, complete_target
from neurodeploy.cli.progress import working
from neurodeploy.errors import InputError

if TYPE_CHECKING:
    from neurodeploy.parity.report import Overall, Report

EXIT: dict[Overall, int] = {"agree": 0, "diverged": 1, "inconclusive": 5}


class Judged(StrEnum):
    """How much the reference computes."""

    part = "part"
    full = "full"


class Made(StrEnum):
    """A stimulus that a check makes itself."""

    auto = "auto"


Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="NAME",
        help="Target to climb to; repeatable (default: the bundle's, or each).",
        autocompletion=complete_target,
    ),
]
SameCode = Annotated[
    bool, typer.Option("--allow-same-code", help="Accept that no target ran anything but the reference itself.")
]
Reference = Annotated[
    Judged, typer.Option(help="How much of a long check the reference computes itself: a seeded part, or all of it.")
]


@dataclass(frozen=True)
class Exercise:
    """How much a check must exercise, what it says of it, and where it runs."""

    coverage: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Share of neurons and synapses that must be exercised in every population; 0: any "
            "(default: a quarter of the channels, half of the weights).",
        ),
    ] = None
    adequacy: Annotated[
        bool,
        typer.Option(
            "--adequacy/--no-adequacy", help="Say which wrong rules of single nodes this check would have noticed."
        ),
    ] = True
    executor: Annotated[
        str, typer.Option(metavar="HOW", help="Where the targets run: serial, processes:N or dask:ADDRESS.")
    ] = "serial"
    drawn: Annotated[
        bool | None,
        typer.Option(
            "--drawn/--not-drawn",
            help="Feed every node of the targets with drawn messages by itself too (default: with --stimulus auto).",
        ),
    ] = None
    save_stimulus: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the stimulus, for the same check again with --input.")
    ] = None


Searched = Annotated[
    Made | None,
    typer.Option("--stimulus", help="auto: search an input that exercises as much as possible, from --seed."),
]
Causes = Annotated[
    bool | None,
    typer.Option(
        "--causes/--no-causes",
        help="Say what every term of quantization costs each layer and try remedies, and which term of which node of a "
        "target is wrong (default: where rungs do not agree).",
    ),
]
Junit = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML too, for continuous integration.")
]


Budget = Annotated[float, typer.Option(metavar="X", help="Smallest Jaccard of every spiking node, network to program.")]
Twice = Annotated[
    bool,
    typer.Option(
        "--twice/--once",
        help="Run the first samples and steps of every target again, without states: it must send the same.",
    ),
]


@with_blocks
def check(
    context: typer.Context,
    subject: o.Subject,
    stimulus: o.Stimulus = None,
    target: Targets = None,
    budget: Budget = 0.9,
    allow_silent: Annotated[
        list[str] | None, typer.Option(metavar="NODE", help="Accept that this node never fires; repeatable.")
    ] = None,
    allow_same_code: SameCode = False,
    causes: Causes = None,
    twice: Twice = True,
    searched: Searched = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as a page too.")] = None,
    junit: Junit = None,
    reference: Reference = Judged.part,
    calibrate: o.Calibrate = None,
    assign: o.Assign = None,
    trust_sources: o.TrustSources = False,
    *,
    exercise: Exercise,
    framing: o.Framing,
    making: o.Making,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Prove that every rung does what the one before it does.

    The rungs are source, network, program and targets; the report names the first divergence of each. Exit code 0: all
    agree; 1: one diverged; 5: the stimulus proves nothing about some node, or no target ran code of its own.
    """
    check_names(target, options := o.assignments(assign))
    from neurodeploy import flow
    from neurodeploy.report.console import show_report

    read: dict[str, Any] = {"subject": subject, "stimulus": stimulus, "calibrate": calibrate, **vars(loading)}
    o.check_apart(html, junit, exercise.save_stimulus, **read)
    with working(f"checking {subject}", output.silent) as progress:
        report = flow.check(
            subject,
            _source(stimulus, searched),
            targets=target,
            budget=budget,
            allow_silent=allow_silent or (),
            allow_same_code=allow_same_code,
            options=options,
            trust_sources=trust_sources,
            calibrate=calibrate,
            causes=causes,
            twice=twice,
            reference=reference.value,
            progress=progress,
            **vars(exercise),
            **framing.arguments(),
            **vars(making),
            **loading.arguments(),
        )
    report = _written(report, context.obj or (), html, junit)
    output.show(report.to_json, show_report(report))
    raise typer.Exit(EXIT[report.verdict])


def _source(stimulus: Path | None, searched: Made | None) -> Path | str | None:
    """Which stimulus was asked for. Raises InputError for two."""
    if searched is None:
        return stimulus
    if stimulus is not None:
        raise InputError("names a stimulus beside one that is searched", "--input", "leave out --input or --stimulus")
    return searched.value


def _written(report: Report, arguments: Sequence[str], html: Path | None, junit: Path | None) -> Report:
    """The report with its command, after the pages that were asked for were written, all or none."""
    from neurodeploy.atomic import write_files
    from neurodeploy.report.junit import junit_xml

    report = replace(report, about={**report.about, "command": shlex.join(["neurodeploy", *arguments])})
    pages = {html: lambda: report.to_html().encode(), junit: partial(junit_xml, report)}
    write_files({path: partial(_put, page()) for path, page in pages.items() if path is not None})
    return report


def _put(content: bytes, file: IO[bytes]) -> None:
    file.write(content)
