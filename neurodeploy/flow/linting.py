"""Everything that can be said of a source before it is run, and a file in which it is repaired."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.atomic import write_file
from neurodeploy.contract import Contract
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.finding import Finding, errors_first
from neurodeploy.flow.arguments import LoadOptions, spell_out
from neurodeploy.flow.loading import load, stated_contract
from neurodeploy.flow.outputs import check_apart
from neurodeploy.frontends.nir_file import read_file
from neurodeploy.html import fragment, html_table
from neurodeploy.network.assembly import assemble
from neurodeploy.network.file import carries_contract, contract_of, network_bytes
from neurodeploy.network.network import Network
from neurodeploy.network.raw import Raw, raw_of, read_raw
from neurodeploy.network.rules.check import check_graph, repaired
from neurodeploy.profiles import Fit, ranked
from neurodeploy.profiles.suggestions import no_contract
from neurodeploy.reference.network_runner import check_supported

AS_TRAINED = "none here: the network runs as its producer runs it"


@dataclass(frozen=True, eq=False)
class LintReport:
    """What can be said of a source before it is run.

    - ``findings``: with their effect on spikes, errors first; after a repair, those that remain.
    - ``fits``: profiles that would fit a file that does not say how it is stepped.
    - ``raw``, ``contract``: the graph as it is written, and the contract where it is known.
    - ``repaired``: the findings from before a repair, where one was asked for; ``written``: the repaired file, where
      one could be built.
    """

    findings: tuple[Finding, ...]
    fits: tuple[Fit, ...]
    raw: Raw
    contract: Contract | None
    repaired: tuple[Finding, ...] | None = None
    written: Path | None = None

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``lint --json`` prints it."""
        before = self.findings if self.repaired is None else self.repaired
        return {
            "errors": self.errors,
            "findings": [_finding(finding) for finding in self.findings],
            "profiles": [vars(fit) for fit in self.fits],
            "contract": None if self.contract is None else self.contract.to_json(),
            "found": [_finding(finding) for finding in before],
            "written": None if self.written is None else str(self.written),
        }

    def __str__(self) -> str:
        lines: list[str] = []
        for finding in self.findings:
            mark = " (--fix repairs it)" if finding.repair is not None else ""
            lines.append(f"{finding.severity}[{finding.slug}] {finding.node}: {finding.message}")
            lines += [f"    spikes: {finding.effect}", f"    repair: {finding.remedy}{mark}"]
        if self.repaired is not None:
            gone = len(self.repaired) - len(self.findings)
            lines.append(
                f"repaired {gone}; wrote {self.written}" if self.written else "could not be repaired into a network"
            )
        return "\n".join([*lines, self._count()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [(*finding.cells(), finding.effect) for finding in self.findings]
        return fragment(html_table(self._count(), ("severity", "node", "message", "repair", "spikes"), rows))

    def _count(self) -> str:
        count = len(self.findings)
        errors = "an error" if self.errors == 1 else "errors"
        return f"{count} finding{'' if count == 1 else 's'}, {self.errors} of them {errors}"


@spell_out(load)
def lint(
    source: str | Path, *, fix: bool = False, out: str | Path | None = None, **loading: Unpack[LoadOptions]
) -> LintReport:
    """Every finding about how a network is stepped, with its effect on spikes and its repair.

    Args:
        source: what ``load`` takes, together with the arguments of ``load``.
        fix: write a repaired ``.nir`` to ``out``; the report then lists what remains.

    Raises:
        InputError: for what is no model at all, and for options; everything else is a finding.

    Example:
        >>> nd.lint("model.nir").errors
        0
    """
    if fix != (out is not None):
        problem, option = "--fix and --out belong together", "--out" if fix else "--fix"
        raise InputError(problem, option, "e.g. --fix -o repaired.nir")
    check_apart((out,), {"source": source, **loading})
    report = _lint(Path(source), loading)
    return report if out is None else _repair(report, Path(out))


def _lint(path: Path, loading: LoadOptions) -> LintReport:
    if path.suffix != ".nir":
        network = load(path, **loading)
        read = tuple(replace(finding, effect=finding.effect or AS_TRAINED) for finding in network.findings)
        return _judged(raw_of(network.graph), network.contract, read, ())
    profile = loading.get("profile")
    raw, stated = read_raw(path), stated_contract(profile, loading.get("contract"))
    if profile is not None:
        reading = read_file(raw, profile, str(path))
        return _judged(reading.raw, reading.contract, reading.findings, ())
    carried, refusals = _own_contract(raw, str(path))
    if stated is None and carried is None and not refusals:
        return _judged(raw, None, (no_contract(raw),), ranked(raw))
    return _judged(raw, stated or carried, refusals, ())


def _repair(report: LintReport, out: Path) -> LintReport:
    """What remains after every repair; written, with its contract where it is known, where it can be built."""
    raw, _ = repaired(report.raw)
    kept = tuple(finding for finding in report.findings if finding.slug in ("no-contract", "bad-metadata"))
    after = replace(_judged(raw, report.contract, kept, report.fits), repaired=report.findings)
    try:
        network = Network(assemble(raw), report.contract or Contract())
    except InputError:
        return after
    data = network_bytes(network, report.contract is not None)
    write_file(out, lambda handle: handle.write(data))
    return replace(after, written=out)


def _own_contract(raw: Raw, where: str) -> tuple[Contract | None, tuple[Finding, ...]]:
    """The contract a file carries, or what is wrong with it."""
    if not carries_contract(raw):
        return None, ()
    try:
        return contract_of(raw, where), ()
    except InputError as error:
        effect = "none: nothing says how it is stepped"
        return None, (Finding("bad-metadata", "error", "graph", error.what, error.remedy, effect),)


def _judged(raw: Raw, contract: Contract | None, known: tuple[Finding, ...], fits: tuple[Fit, ...]) -> LintReport:
    findings = errors_first([*known, *check_graph(raw)])
    report = LintReport(findings, fits, raw, contract)
    if any(finding.severity == "error" and finding.slug != "no-contract" for finding in findings):
        return report
    try:
        check_supported(Network(assemble(raw), contract or Contract()))
    except (InputError, RefusedError) as error:
        refused = Finding("refused", "error", error.where or "graph", error.what, error.remedy, "none: it is refused")
        return replace(report, findings=(refused, *findings))
    return report


def _finding(finding: Finding) -> dict[str, object]:
    return {**finding.to_json(), "spikes": finding.effect, "repairable": finding.repair is not None}
