"""The committed table of what was proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.proof.case import Claim, ProofCase
from tests.proof.runner import Result

HEAD = """# What was proved, and how often

Written by `make proof`. Each line is a claim checked for every seed from 0; a failure is a seed at which it did not
hold. *Counted* says what the cases exercised, since agreement about nothing proves nothing. A plus behind a commit
means that the sources differed from it.

"""
COLUMNS = ("case", "proves", "seeds", "cases", "failures", "counted", "versions", "date", "commit")
NOT_RUN = "not run: "
NAMED_SEEDS = 5


def write_table(path: Path, results: Sequence[Result], order: Sequence[str]) -> None:
    """Replace the rows of ``results``, keep the others; rows follow ``order``, and a claim that is not in it goes.

    A claim that could not be judged here keeps the row of a computer that could.
    """
    rows = read_rows(path)
    for result in results:
        rows |= {claim.name: row(result, claim) for claim in result.case.claims if claim.lacks() is None}
        _name_missing(rows, result.case.claims)
    path.write_text(HEAD + render(rows, order))


def write_missing(path: Path, case: ProofCase, order: Sequence[str]) -> None:
    """Say why a case was not judged, where no other computer did."""
    rows = read_rows(path)
    _name_missing(rows, case.claims)
    path.write_text(HEAD + render(rows, order))


def _name_missing(rows: dict[str, tuple[str, ...]], claims: Iterable[Claim]) -> None:
    for claim in claims:
        reason, known = claim.lacks(), rows.get(claim.name)
        if reason is not None and (known is None or known[COLUMNS.index("counted")].startswith(NOT_RUN)):
            rows[claim.name] = (claim.name, claim.proves, "0", "0", "-", f"{NOT_RUN}{reason}", "", "", "")


def read_rows(path: Path) -> dict[str, tuple[str, ...]]:
    """The rows of a table by claim."""
    lines = path.read_text().splitlines() if path.exists() else []
    cells = [tuple(cell.strip() for cell in line.strip()[1:-1].split("|")) for line in lines if line[:1] == "|"]
    return {row[0]: row for row in cells[2:] if len(row) == len(COLUMNS)}


def row(result: Result, claim: Claim) -> tuple[str, ...]:
    """The cells of one claim."""
    counts = result.of(claim.name)
    return (
        claim.name,
        claim.proves,
        f"{result.seeds:,}",
        f"{counts.cases:,}",
        _failures(counts.failed),
        ", ".join(f"{name} {number:,}" for name, number in sorted(counts.tallies.items())),
        ", ".join(" ".join(each) for each in result.stamp.versions),
        result.date,
        result.stamp.commit,
    )


def render(rows: Mapping[str, Sequence[str]], order: Sequence[str]) -> str:
    """The table as Markdown."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(rows[name] for name in order if name in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _failures(failed: Sequence[int]) -> str:
    if not failed:
        return "0"
    named = ", ".join(map(str, failed[:NAMED_SEEDS])) + (", ..." if len(failed) > NAMED_SEEDS else "")
    return f"{len(failed):,} (seeds {named})"
