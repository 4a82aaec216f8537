"""``python -m tests.proof``: run every case, or the named ones, and write the table."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.proof.case import ProofCase
from tests.proof.cases import all_cases
from tests.proof.journal import Journal
from tests.proof.runner import ChangedError, Result, die_quietly, run_case
from tests.proof.stamp import ROOT, current_stamp
from tests.proof.table import write_missing, write_table

JOURNAL = ROOT / ".proof" / "units.jsonl"
TABLE = ROOT / "tests" / "proof" / "RESULTS.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every claim held, 1 if one did not or could not be judged, 2 if it must be run again, 130 if interrupted.

    A case that this computer cannot judge is left out, and its row says so unless another computer filled it; a case
    asked for by name then counts as one that did not hold.
    """
    known = {case.name: case for case in all_cases()}
    order = [claim.name for case in known.values() for claim in case.claims]
    options = _parser(list(known)).parse_args(arguments)
    chosen = [known[name] for name in options.case or known]
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    results: list[Result] = []
    left_out: list[str] = []
    try:
        for case in chosen:
            lacking = case.lacks()
            if lacking is not None:
                print(f"{case.name}: not judged here: {lacking}", file=sys.stderr)
                left_out.append(case.name)
                if options.seeds is None:
                    write_missing(TABLE, case, order)
                continue
            results.append(_run(case, options.jobs, options.seeds))
            if options.seeds is None and not results[-1].errors:
                write_table(TABLE, results[-1:], order)
    except ChangedError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    asked_for = set(left_out) & set(options.case)
    return 0 if all(result.holds for result in results) and not asked_for else 1


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description="Run the long counts.")
    parser.add_argument("case", nargs="*", help=f"only these of: {', '.join(names)}", metavar="CASE")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--seeds", type=int, help="a trial of the first seeds only; the table is left as it is")
    return parser


def _run(case: ProofCase, jobs: int, seeds: int | None) -> Result:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(jobs, mp_context=spawn, initializer=die_quietly) as pool,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task(case.name, total=len(case.units(seeds)))
        result = run_case(case, Journal(JOURNAL), current_stamp, pool, seeds, lambda _: progress.advance(task))
    verdict = "holds" if result.holds else "DOES NOT HOLD"
    counts = result.counts
    print(f"{case.name}: {verdict}: {result.seeds:,} seeds, {counts.cases:,} cases, {len(counts.failed):,} failures")
    for claim in case.parts:
        lacking, own = claim.lacks(), result.of(claim.name)
        told = (
            f"{own.cases:,} cases, {len(own.failed):,} failures" if lacking is None else f"not judged here: {lacking}"
        )
        print(f"  {claim.name}: {told}")
    for line in result.errors:
        print(f"  {line}", file=sys.stderr)
    return result


if __name__ == "__main__":
    sys.exit(main())
