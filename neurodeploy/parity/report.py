"""A climbed ladder: every rung, the verdict over all, and what the report shows of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

from neurodeploy.adequacy.result import NodeAdequacy, adequacy_table
from neurodeploy.analysis.proof import Proof
from neurodeploy.contract import terms_text
from neurodeploy.document import Block, Span, line, plain_text, quiet
from neurodeploy.finding import Finding, of_ranges
from neurodeploy.html import html_blocks, html_document, html_table
from neurodeploy.parity.content import TONES, coverage_table, rung_blocks, task_table
from neurodeploy.parity.gate import Shortfall
from neurodeploy.parity.page import report_page
from neurodeploy.parity.quantization import loss_table
from neurodeploy.parity.recording import Recording
from neurodeploy.parity.rung import Divergence, Rung
from neurodeploy.stimulus import Stimulus

COVERED = 0.5
"""Share of neurons and synapses from which on the console does not list what a population was not exercised in."""
Overall = Literal["agree", "diverged", "inconclusive"]
"""The verdict over all rungs."""


@dataclass(frozen=True)
class Report:
    """A climbed ladder.

    - ``rungs`` from the source up; ``not_run``: targets that were left out, each with the reason.
    - ``coverage``: by population, the fraction of its neurons, synapses and branches that the stimulus exercised.
    - ``task``: by rung, the value of the task that the network was trained for.
    - ``findings`` about the network, the stimulus and the targets.
    - ``about``: descriptions: model, file, digest, samples, steps, numerics, stimulus, contract, date, versions, graph.
    - ``proof``: what is proved of the program for every input, not for the stimulus alone.
    - ``not_covered``: by population, what the stimulus did not exercise, so that a fault of it had no occasion to show.
    - ``recording``: what was kept of the runs to be looked at; it stands in no JSON.
    - ``short``: populations of which less was exercised than was asked for, which makes the verdict inconclusive.
    - ``adequacy``: by population, which wrong rules this check would have noticed; empty where that was not asked.
    - ``shown``: the stimulus that a search found; ``save`` keeps it, and ``check`` takes it again.
    - ``allow_same_code``: a ladder in which every target ran the reference itself need not be inconclusive.
    """

    rungs: tuple[Rung, ...]
    coverage: Mapping[str, Mapping[str, float]]
    task: Mapping[str, Mapping[str, Any]] | None = None
    findings: tuple[Finding, ...] = ()
    not_run: Mapping[str, str] = field(default_factory=dict[str, str])
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])
    allow_same_code: bool = False
    proof: Proof | None = None
    not_covered: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    recording: Recording | None = field(default=None, repr=False, compare=False)
    short: tuple[Shortfall, ...] = ()
    adequacy: Mapping[str, NodeAdequacy] = field(default_factory=dict[str, NodeAdequacy])
    shown: Stimulus | None = field(default=None, repr=False, compare=False)

    @property
    def verdict(self) -> Overall:
        """Diverged over inconclusive over agree.

        Inconclusive also where nothing was compared, and where there are target rungs but none has independent
        evidence, unless ``allow_same_code``.
        """
        verdicts = {rung.verdict for rung in self.rungs}
        if "diverged" in verdicts:
            return "diverged"
        return "inconclusive" if not verdicts or "inconclusive" in verdicts or self.reasons else "agree"

    @property
    def verdict_words(self) -> str:
        """The verdict, and what it holds for where a target recorded no states: ``agree (outputs)``."""
        partial = [rung.scope for rung in self.rungs if rung.scope is not None and not rung.scope.complete]
        return f"agree ({partial[0]})" if partial and self.verdict == "agree" else self.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the ladder is inconclusive although none of its rungs is."""
        targets = {rung.target: rung.evidence for rung in self.rungs if rung.evidence is not None}
        if self.allow_same_code or not targets or any(evidence.independent for evidence in targets.values()):
            return ()
        names = ", ".join(targets)
        remedy = "check another target, or accept it with --allow-same-code"
        return (f"no target ran anything but the reference itself ({names}): {remedy}",)

    @property
    def first_divergence(self) -> Divergence | None:
        """The first divergence of the first rung that diverged."""
        return next((rung.first_divergence for rung in self.rungs if rung.verdict == "diverged"), None)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``check --json`` prints it; numbers that JSON does not have (NaN, infinity) are null."""
        return _finite(
            {
                "verdict": self.verdict,
                "reasons": list(self.reasons),
                "rungs": [rung.to_json() for rung in self.rungs],
                "coverage": {node: dict(fractions) for node, fractions in self.coverage.items()},
                "not_covered": {node: list(items) for node, items in self.not_covered.items()},
                "short": [shortfall.to_json() for shortfall in self.short],
                "adequacy": {node: adequacy.to_json() for node, adequacy in self.adequacy.items()},
                "task": None if self.task is None else {rung: dict(value) for rung, value in self.task.items()},
                "proof": None if self.proof is None else self.proof.to_json(),
                "findings": [finding.to_json() for finding in self.findings],
                "not_run": dict(self.not_run),
                "about": dict(self.about),
            }
        )

    def to_html(self) -> str:
        """The report as one HTML page that needs nothing from elsewhere, with pictures of what was recorded."""
        verdict = self.verdict_words, TONES[self.verdict]
        task = html_table(*task_table(self.task)) if self.task else ""
        tables = html_blocks(self.blocks(complete=True)), task
        return report_page(self.to_json(), self.rungs, verdict, tables, self.recording)

    def blocks(self, complete: bool = False) -> list[Block]:
        """The report as lines and tables; ``complete``: with the coverage of the stimulus and the contract."""
        first = of_ranges(self.findings)
        blocks: list[Block] = [line(Span(str(finding), "warning")) for finding in first]
        blocks += [block for rung in self.rungs for block in rung_blocks(rung)]
        blocks.append(line(""))
        blocks += [line(Span(f"{name}: not run ({reason})", "warning")) for name, reason in self.not_run.items()]
        blocks += [quiet(str(finding)) for finding in self.findings if finding not in first]
        blocks += [task_table(self.task), line("")] if self.task else []
        blocks += [quiet(f"not exercised in {node}: {'; '.join(items)}") for node, items in self._left(complete)]
        if complete:
            blocks += [loss_table(rung.losses) for rung in self.rungs if rung.losses is not None]
            blocks += [coverage_table(self.coverage)] if self.coverage else []
            blocks += [adequacy_table(self.adequacy)] if self.adequacy else []
            blocks += [quiet(self._contract())]
        elif self.adequacy:
            blocks.append(quiet(self._noticed()))
        blocks += [] if self.proof is None else self.proof.blocks(complete)
        blocks += [line(Span(reason, "warning")) for reason in self.reasons]
        blocks.append(line("verdict: ", Span(self.verdict_words, TONES[self.verdict]), Span(self._run(), "quiet")))
        return blocks

    def _left(self, complete: bool) -> Iterator[tuple[str, Sequence[str]]]:
        """What was not exercised: all of it, or neurons and synapses only, where they are more than a few."""
        for node, items in self.not_covered.items():
            shares = self.coverage.get(node, {})
            few = min(shares.get("neurons_fired", 1.0), shares.get("synapses_active", 1.0)) >= COVERED
            if complete or not few:
                yield node, items

    def _noticed(self) -> str:
        """How many wrong rules would have been noticed, in a sentence."""
        noticed, rules = (sum(getattr(a, key) for a in self.adequacy.values()) for key in ("noticed", "rules"))
        least = min(self.adequacy, key=lambda name: self.adequacy[name].noticed / max(self.adequacy[name].rules, 1))
        worst = self.adequacy[least]
        return (
            f"would have noticed {noticed} of {rules} wrong rules of single nodes; fewest of {least}: "
            f"{worst.noticed} of {worst.rules}"
        )

    def _run(self) -> str:
        shown = ", ".join(f"{key}: {self.about[key]}" for key in ("samples", "steps", "stimulus") if key in self.about)
        return f"  ({shown})" if shown else ""

    def _contract(self) -> str:
        return f"contract: {terms_text(self.about['contract']['defaults'])}" if "contract" in self.about else ""

    def __repr__(self) -> str:
        """The report as the console shows it, at any prompt."""
        return plain_text(self.blocks())

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return html_document(self.blocks(complete=True))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]  # type: ignore[misc]
    return None if isinstance(value, float) and not isfinite(value) else value
