"""The committed table of what was proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, product
from pathlib import Path
from string import ascii_uppercase

from tests.proof.case import Claim, ProofCase
from tests.proof.runner import Result

HEAD = """# What was proved, and how often

Written by `make proof`. Each line of the table is a claim that was checked for every seed from 0; a failure is a seed
at which it did not hold. Below it stand what each claim says, what its cases exercised, since agreement about nothing
proves nothing, and the versions of the packages. A plus behind a commit means that the sources differed from it.

"""
COLUMNS = ("case", "proves", "seeds", "cases", "failures", "counted", "versions", "date", "commit")
"""The cells of a row as they are known here; in the file they stand in a table and three lists."""
TABLE = ("claim", "seeds", "cases", "failures", "versions", "date", "commit")
PROVES, COUNTED, VERSIONS = "What each claim says", "What the cases exercised", "Versions"
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
    """The rows of a table by claim, each with the cells of ``COLUMNS``."""
    lines = path.read_text().splitlines() if path.exists() else []
    lists: dict[str, dict[str, str]] = {PROVES: {}, COUNTED: {}, VERSIONS: {}}
    table: list[list[str]] = []
    section = ""
    for line in lines:
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("- **"):
            name, _, text = line.removeprefix("- **").partition("**: ")
            lists[section][name] = text
        elif line.startswith("|"):
            table.append([cell.strip() for cell in line[1:-1].split("|")])
    rows: dict[str, tuple[str, ...]] = {}
    for name, seeds, cases, failures, versions, date, commit in table[2:]:
        counted = lists[COUNTED].get(name, "")
        used = lists[VERSIONS].get(versions, "")
        rows[name] = (name, lists[PROVES][name], seeds, cases, failures, counted, used, date, commit)
    return rows


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
    """The table and its lists as Markdown: a line of the table fits a screen, and so does what stands in the lists."""
    shown = [dict(zip(COLUMNS, rows[name], strict=True)) for name in order if name in rows]
    letters = dict(zip(dict.fromkeys(row["versions"] for row in shown if row["versions"]), _letters(), strict=False))
    lines = [TABLE, ("---",) * len(TABLE)]
    lines += [
        tuple(letters.get(row["versions"], "") if key == "versions" else row[key] for key in ("case", *TABLE[1:]))
        for row in shown
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "".join(
        f"\n## {title}\n\n" + "".join(f"- **{name}**: {text}\n" for name, text in entries if text)
        for title, entries in (
            (PROVES, [(row["case"], row["proves"]) for row in shown]),
            (COUNTED, [(row["case"], row["counted"]) for row in shown]),
            (VERSIONS, [(letter, versions) for versions, letter in letters.items()]),
        )
    )


def _letters() -> Iterator[str]:
    """A, B, ... Z, AA, AB, ..."""
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


def _failures(failed: Sequence[int]) -> str:
    if not failed:
        return "0"
    named = ", ".join(map(str, failed[:NAMED_SEEDS])) + (", ..." if len(failed) > NAMED_SEEDS else "")
    return f"{len(failed):,} (seeds {named})"
