"""A proof goes on where it stopped, counts nothing twice, and never adds up counts about different sources."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.proof.case import Claim, Counts, ProofCase, together
from tests.proof.cases import all_cases
from tests.proof.journal import Journal
from tests.proof.runner import ChangedError, Result, run_case
from tests.proof.stamp import Stamp, current_stamp
from tests.proof.table import HEAD, read_rows, render, write_missing, write_table

STAMP = Stamp("sources", (("python", "3.11.7"), ("numpy", "2.4.6")), "abc1234")


def judge_odd(seeds: range) -> Counts:
    """Fails at the multiples of 7."""
    return Counts(len(seeds), tuple(seed for seed in seeds if seed % 7 == 0 and seed), {"spikes": 2 * len(seeds)})


CASE = ProofCase("odd", "no seed is a multiple of 7", seeds=20, batch=6, run=judge_odd)


def judge_both(seeds: range) -> Counts:
    """Two claims that share their work: the first fails at the multiples of 7, the second never."""
    return together({"odd": judge_odd(seeds), "all": Counts(len(seeds), (), {"spikes": 1})})


NEVER = Claim("never", "what needs another computer", lambda: "no such processor")
BOTH = ProofCase(
    "both", "two claims", seeds=20, batch=6, run=judge_both, parts=(Claim("odd", "a"), Claim("all", "b"), NEVER)
)


def run(
    case: ProofCase, journal: Journal, stamp: Callable[[], Stamp] = lambda: STAMP, seeds: int | None = None
) -> Result:
    with ThreadPoolExecutor(1) as executor:
        return run_case(case, journal, stamp, executor, seeds)


def recorder(called: list[range], broken: Sequence[int] = ()) -> Callable[[range], Counts]:
    """``judge_odd`` that notes what it is asked, and breaks where a unit starts at one of ``broken``."""

    def judge(seeds: range) -> Counts:
        called.append(seeds)
        if seeds.start in broken:
            raise OSError("the machine went away")
        return judge_odd(seeds)

    return judge


def test_counts_every_seed_once_and_names_the_failed_ones(tmp_path: Path) -> None:
    result = run(CASE, Journal(tmp_path / "units.jsonl"))
    assert result.counts == Counts(20, (7, 14), {"spikes": 40})
    assert not result.holds


def test_goes_on_where_it_stopped(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "units.jsonl")
    first = run(replace(CASE, run=recorder([], broken=[6])), journal)
    assert first.errors == ("seeds 6..11: OSError: the machine went away",)
    assert not first.holds
    called: list[range] = []
    second = run(replace(CASE, run=recorder(called)), journal)
    assert called == [range(6, 12)]
    assert second.counts == Counts(20, (7, 14), {"spikes": 40})


def test_a_half_written_line_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    run(CASE, Journal(path))
    path.write_text(path.read_text()[:-30])
    called: list[range] = []
    counts = run(replace(CASE, run=recorder(called)), Journal(path)).counts
    assert len(called) == 1
    assert counts == Counts(20, (7, 14), {"spikes": 40})
    called.clear()
    run(replace(CASE, run=recorder(called)), Journal(path))
    assert called == []


@pytest.mark.parametrize(
    "other",
    [replace(STAMP, sources="changed"), replace(STAMP, versions=(("python", "3.12.1"),))],
    ids=["sources", "versions"],
)
def test_other_sources_or_versions_start_from_the_beginning(tmp_path: Path, other: Stamp) -> None:
    journal = Journal(tmp_path / "units.jsonl")
    run(CASE, journal)
    called: list[range] = []
    run(replace(CASE, run=recorder(called)), journal, stamp=lambda: other)
    assert len(called) == 4


def test_a_commit_alone_starts_nothing_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "units.jsonl")
    run(CASE, journal)
    called: list[range] = []
    run(replace(CASE, run=recorder(called)), journal, stamp=lambda: replace(STAMP, commit="def5678"))
    assert called == []


def test_sources_that_change_meanwhile_are_refused(tmp_path: Path) -> None:
    stamps = iter([STAMP, STAMP, *[replace(STAMP, sources="changed")] * 10])
    with pytest.raises(ChangedError, match="sources changed while odd ran"):
        run(CASE, Journal(tmp_path / "units.jsonl"), stamp=lambda: next(stamps))


def test_a_trial_counts_only_its_seeds(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "units.jsonl")
    run(CASE, journal)
    assert run(CASE, journal, seeds=6).counts.cases == 6


def test_no_case_judged_is_no_proof(tmp_path: Path) -> None:
    empty = replace(CASE, run=lambda _: Counts(0))
    assert not run(empty, Journal(tmp_path / "units.jsonl")).holds


def test_the_table_keeps_other_rows_and_names_failures(tmp_path: Path) -> None:
    table = tmp_path / "RESULTS.md"
    result = run(CASE, Journal(tmp_path / "units.jsonl"))
    other = replace(result, case=replace(CASE, name="other"), counts=Counts(1500, (), {}))
    gone = replace(result, case=replace(CASE, name="gone"))
    write_table(table, [other, gone], ["odd", "other", "gone"])
    write_table(table, [result], ["odd", "other"])
    rows = read_rows(table)
    assert list(rows) == ["odd", "other"]
    assert rows["odd"][2:7] == ("20", "20", "2 (seeds 7, 14)", "spikes 40", "python 3.11.7, numpy 2.4.6")
    assert rows["odd"][8] == "abc1234"
    assert rows["other"][3:5] == ("1,500", "0")


def test_claims_that_share_their_work_have_rows_of_their_own(tmp_path: Path) -> None:
    table, journal = tmp_path / "RESULTS.md", Journal(tmp_path / "units.jsonl")
    run(BOTH, journal, seeds=12)
    result = run(BOTH, journal)
    assert result.counts.cases == 40
    assert not result.holds
    assert result.of("odd") == Counts(20, (7, 14), {"spikes": 40})
    assert result.of("all") == Counts(20, (), {"spikes": 4})
    write_table(table, [result], ["odd", "all", "never"])
    rows = read_rows(table)
    assert [row[1:5] for row in rows.values()] == [
        ("a", "20", "20", "2 (seeds 7, 14)"),
        ("b", "20", "20", "0"),
        ("what needs another computer", "0", "0", "-"),
    ]
    assert rows["never"][5] == "not run: no such processor"


def test_a_claim_that_was_not_counted_at_all_does_not_hold(tmp_path: Path) -> None:
    forgotten = replace(BOTH, run=lambda seeds: together({"all": Counts(len(seeds))}))
    assert not run(forgotten, Journal(tmp_path / "units.jsonl")).holds
    known = replace(forgotten, parts=(Claim("all", "b"), NEVER))
    assert run(known, Journal(tmp_path / "other.jsonl")).holds


def test_what_cannot_be_judged_here_says_so_unless_another_computer_judged_it(tmp_path: Path) -> None:
    table = tmp_path / "RESULTS.md"
    lacking = replace(CASE, lacks=lambda: "no such processor")
    write_missing(table, lacking, ["odd"])
    assert read_rows(table)["odd"][5] == "not run: no such processor"
    write_table(table, [run(CASE, Journal(tmp_path / "units.jsonl"))], ["odd"])
    judged = read_rows(table)["odd"]
    assert judged[3] == "20"
    write_missing(table, lacking, ["odd"])
    assert read_rows(table)["odd"] == judged


def test_the_stamp_tells_versions_and_is_stable() -> None:
    assert current_stamp() == current_stamp()
    assert dict(current_stamp().versions).keys() == {"python", "numpy", "torch", "ziglang", "gcc", "lava-nc", "bochs"}


def test_cases_have_names_of_their_own_and_no_cell_breaks() -> None:
    cases = all_cases()
    assert len({case.name for case in cases}) == len(cases) > 0
    claims = [claim for case in cases for claim in case.claims]
    assert len({claim.name for claim in claims}) == len(claims)
    assert all("|" not in claim.name + claim.proves for claim in claims)


def test_what_is_tested_elsewhere_is_tested_there() -> None:
    places = [case.tested_by for case in all_cases() if case.tested_by]
    assert [place for place in places if not (Path(__file__).parents[1] / place).is_file()] == []


@pytest.mark.parametrize("case", [case for case in all_cases() if not case.tested_by], ids=lambda case: case.name)
def test_every_claim_holds_for_its_first_seed(case: ProofCase) -> None:
    if (lacking := case.lacks()) is not None:
        pytest.skip(lacking)
    counts = case.run(range(1))
    assert counts.cases > 0
    assert counts.failed == ()
    judged = {claim.name for claim in case.parts if claim.lacks() is None}
    assert counts.parts.keys() == judged
    assert all(part.cases == 1 for part in counts.parts.values())


def test_the_committed_table_is_as_it_is_written_and_its_lines_fit_a_screen() -> None:
    path = Path(__file__).parent / "proof/RESULTS.md"
    rows = read_rows(path)
    assert path.read_text() == HEAD + render(rows, list(rows))
    assert all(len(line) <= 120 for line in path.read_text().splitlines() if line.startswith("|"))
