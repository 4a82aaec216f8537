"""``neurodeploy schema``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from neurodeploy.cli.stdout import tell


def schema(
    kind: Annotated[str, typer.Argument(metavar="report", help="What to describe: report.")] = "report",
) -> None:
    """Print the JSON Schema of what check prints with --json."""
    from neurodeploy.report.schema import schema as schema_of

    tell(json.dumps(schema_of(kind), indent=2))
