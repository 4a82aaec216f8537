"""The form of ``check --json`` as typed values, and the JSON Schema that follows from them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal

import msgspec

from neurodeploy.errors import InputError, choices

IDENTIFIER = "report.schema.json"
KINDS = {"report": IDENTIFIER}
"""What has a schema, and the file that it stands in."""


class Arrival(msgspec.Struct):
    """A synapse over which a message reached the neuron, on either side."""

    projection: str
    node: str
    source: list[int]
    weight: int
    expected: int
    actual: int


class Divergence(msgspec.Struct):
    """One cell that differs. Numbers that JSON has not are null."""

    node: str
    sample: int
    step: int
    neuron: list[int]
    expected: float | None
    actual: float | None
    quantity: Literal["output", "membrane", "current"]
    expected_membrane: float | None
    actual_membrane: float | None
    threshold: float | None
    margin_lsb: float | None
    inputs: dict[str, list[int]]
    taken: list[str]
    arrivals: list[Arrival]


class Node(msgspec.Struct):
    """The counts of one node on one rung."""

    expected_spikes: int
    actual_spikes: int
    mismatches: int
    cells: int
    jaccard: float | None
    first: Divergence | None
    graded: bool
    relative_rms: float | None
    ties: int
    state_mismatches: int | None
    isolated_mismatches: int | None
    local_mismatches: int | None
    isolated_jaccard: float | None
    isolated_rms: float | None
    inserted: bool


class Evidence(msgspec.Struct):
    """Whether what ran on a target is independent of the reference, and why."""

    independent: bool
    reason: str


class Compared(msgspec.Struct):
    """What a rung compared."""

    samples: int
    steps: int
    with_states: list[str]
    without_states: list[str]
    part: str
    quantities: str


class Losses(msgspec.Struct):
    """What quantization cost, by population; see the page on losses."""

    samples: int
    populations: dict[str, dict[str, Any]]
    remedies: list[dict[str, Any]]
    task_samples: int
    everywhere: dict[str, dict[str, Any]]


class Rung(msgspec.Struct, rename={"source": "from", "target": "to"}):
    """The comparison of two neighboring rungs."""

    source: str
    target: str
    policy: Literal["ties", "budget", "exact", "same code"]
    verdict: Literal["agree", "diverged", "inconclusive", "same code"]
    latency: dict[str, int]
    nodes: dict[str, Node]
    first_divergence: Divergence | None
    reasons: list[str]
    notes: list[str]
    evidence: Evidence | None
    compared: Compared | None
    losses: Losses | None
    causes: dict[str, Any] | None = None


class Finding(msgspec.Struct):
    """One observation about the network, the stimulus or a target."""

    slug: str
    severity: Literal["error", "warning", "info"]
    node: str
    message: str
    remedy: str


class Proof(msgspec.Struct):
    """What is proved of every node, for every input; see the page on proofs."""

    proved: int
    nodes: dict[str, dict[str, Any]]
    ranges: dict[str, list[float]]


class Report(msgspec.Struct):
    """A climbed ladder, as ``neurodeploy check --json`` prints it.

    Fields may be added; those that stand here keep their names and meanings.
    """

    verdict: Literal["agree", "diverged", "inconclusive"]
    reasons: list[str]
    rungs: list[Rung]
    coverage: dict[str, dict[str, float]]
    not_covered: dict[str, list[str]]
    task: dict[str, dict[str, Any]] | None
    proof: Proof | None
    findings: list[Finding]
    not_run: dict[str, str]
    about: dict[str, Any]
    short: list[dict[str, Any]] = []
    adequacy: dict[str, dict[str, Any]] = {}


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report, made from the types of this file."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": IDENTIFIER, "title": "neurodeploy report"}
    return {**head, **msgspec.json.schema(Report)}


def schema(kind: str = "report") -> dict[str, Any]:
    """The JSON Schema of what ``--json`` prints.

    Args:
        kind: ``"report"``, what ``check --json`` prints and ``Report.to_json`` gives.

    Raises:
        InputError: for another kind.

    Example:
        >>> nd.schema("report")["title"]
        'neurodeploy report'
    """
    if kind not in KINDS:
        raise InputError(f"there is no schema of {kind!r}", "schema", choices(kind, KINDS, "there are"))
    return json.loads((files("neurodeploy.report") / KINDS[kind]).read_text(encoding="utf-8"))
