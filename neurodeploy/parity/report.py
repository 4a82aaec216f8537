"""What a check found, as plain values; renderings stand in ``neurodeploy.report``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

from neurodeploy.evidence import INDEPENDENT, Evidence
from neurodeploy.finding import Finding

Verdict = Literal["agree", "diverged", "inconclusive"]
"""Of a whole ladder."""
RungVerdict = Literal["agree", "diverged", "inconclusive", "same code"]
"""Of one rung; ``same code``: nothing differs, but it was the reference's own code that ran."""
Policy = Literal["ties", "budget", "exact", "same code"]
"""How a rung is judged; ``same code``: without independent evidence there is nothing to judge."""


@dataclass(frozen=True)
class Divergence:
    """One differing cell: where, what was expected and what came.

    ``expected_membrane`` and ``actual_membrane``: before the threshold, in the units of the expected side; the actual
    one is what the reference makes of the inputs that really arrived. ``margin_lsb``: distance of the expected membrane
    to the threshold in units of the membrane's last bit (in its own unit on float rungs).
    """

    node: str
    sample: int
    step: int
    neuron: tuple[int, ...]
    expected: float
    actual: float
    quantity: str = "output"
    expected_membrane: float | None = None
    actual_membrane: float | None = None
    threshold: float | None = None
    margin_lsb: float | None = None
    inputs: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``inputs`` maps each source to (expected, actual) count of non-zero messages that arrived."""
        data = {key: value for key, value in vars(self).items() if key != "inputs"}
        return data | {"neuron": list(self.neuron), "inputs": {k: list(v) for k, v in self.inputs.items()}}


@dataclass(frozen=True)
class NodeResult:
    """One node on one rung. Spike counts for spiking nodes; ``relative_rms`` for graded ones."""

    expected_spikes: int
    actual_spikes: int
    mismatches: int
    cells: int
    jaccard: float | None
    first: Divergence | None
    graded: bool = False
    relative_rms: float | None = None
    ties: int = 0
    state_mismatches: int | None = None
    isolated: float | None = None
    inserted: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "first": None if self.first is None else self.first.to_json()}


@dataclass(frozen=True)
class Rung:
    """The comparison of two neighboring rungs under one policy.

    - ``reasons`` say why the verdict is what it is, ``notes`` what the target noted about its artifact and its run.
    - ``evidence``: of a target's rung, what ran there; None between float and integers.
    """

    source: str
    target: str
    policy: Policy
    verdict: RungVerdict
    nodes: Mapping[str, NodeResult]
    first_divergence: Divergence | None
    latency: Mapping[str, int] = field(default_factory=dict[str, int])
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: Evidence | None = None

    @property
    def is_target(self) -> bool:
        """Whether a target was compared with the program."""
        return self.evidence is not None

    @property
    def claim(self) -> str:
        """What stands beside the verdict: how it was judged, where the verdict does not say that itself."""
        return "" if self.policy == self.verdict else self.policy

    @property
    def remarks(self) -> tuple[str, ...]:
        """Notes, and what the target's independent evidence consists of where it says more than that."""
        if self.evidence is None or not self.evidence.independent or self.evidence == INDEPENDENT:
            return self.notes
        return (*self.notes, self.evidence.reason)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``check --json`` prints it."""
        return {
            "from": self.source,
            "to": self.target,
            "policy": self.policy,
            "verdict": self.verdict,
            "latency": dict(self.latency),
            "nodes": {name: node.to_json() for name, node in self.nodes.items()},
            "first_divergence": None if self.first_divergence is None else self.first_divergence.to_json(),
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "evidence": None if self.evidence is None else self.evidence.to_json(),
        }


@dataclass(frozen=True)
class Report:
    """A climbed ladder: the verdict over all rungs, coverage of the stimulus, task values per rung."""

    rungs: tuple[Rung, ...]
    coverage: Mapping[str, Mapping[str, float]]
    task: Mapping[str, Mapping[str, Any]] | None = None
    findings: tuple[Finding, ...] = ()
    not_run: Mapping[str, str] = field(default_factory=dict[str, str])
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])
    allow_same_code: bool = False

    @property
    def verdict(self) -> Verdict:
        """Diverged over inconclusive over agree.

        Inconclusive where nothing was compared, and where no target rung has independent evidence, unless
        ``allow_same_code``.
        """
        verdicts = {rung.verdict for rung in self.rungs}
        if "diverged" in verdicts:
            return "diverged"
        return "inconclusive" if not verdicts or "inconclusive" in verdicts or self.reasons else "agree"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict over all is less than that of its rungs: no target's evidence is independent."""
        evidence = [rung.evidence for rung in self.rungs if rung.evidence is not None]
        if self.allow_same_code or not evidence or any(each.independent for each in evidence):
            return ()
        names = ", ".join(rung.target for rung in self.rungs if rung.is_target)
        return (f"no target ran anything but the reference itself ({names}): {_ACCEPT}",)

    @property
    def first_divergence(self) -> Divergence | None:
        """The first divergence of the first rung that diverged."""
        return next((rung.first_divergence for rung in self.rungs if rung.verdict == "diverged"), None)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``check --json`` prints it; numbers that JSON has not (NaN, infinity) are null."""
        return _finite(self._plain())

    def _plain(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "rungs": [rung.to_json() for rung in self.rungs],
            "coverage": {node: dict(values) for node, values in self.coverage.items()},
            "task": None if self.task is None else {rung: dict(value) for rung, value in self.task.items()},
            "findings": [finding.to_json() for finding in self.findings],
            "not_run": dict(self.not_run),
            "about": dict(self.about),
        }

    def to_html(self) -> str:
        """The report as one self-contained HTML page."""
        from neurodeploy.parity.page import report_page

        return report_page(self)

    def _repr_html_(self) -> str:
        from neurodeploy.parity.page import report_fragment

        return report_fragment(self)


_ACCEPT = "check another target, or accept it with --allow-same-code"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}  # type: ignore[misc]
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]  # type: ignore[misc]
    return None if isinstance(value, float) and not isfinite(value) else value
