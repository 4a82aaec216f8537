"""The execution contract: how the equations of a network are stepped.

NIR says what the equations are; these terms say the rest. Sources for each framework's choice: the front ends.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import frexp, isfinite, nan
from typing import Any, Literal, get_args, get_type_hints

from neurodeploy.errors import InputError, choices
from neurodeploy.html import fragment, html_table

Value = float | int | str | bool | None


@dataclass(frozen=True)
class Terms:
    """The terms that hold for one node.

    - ``dt``: step in seconds. ``method``: forward Euler, or the exact solution for constant input over a step.
    - ``reset``: to zero, to the node's ``v_reset``, by subtracting the threshold once per spike, or not at all.
    - ``reset_timing``: in the step of the spike, at the start of the next one, or the whole state every step.
      ``same-step-and-next``: in the step of the spike, and a membrane that still fires after it is compared less one
      more threshold in the next step (snnTorch without ``reset_delay``); of a ``subtract`` alone, else ``same-step``.
    - ``fires_at``: strictly above the threshold, or also at it. Never applies to a NIR ``Threshold``, which is strict.
    - ``v_min``: lower clamp of the membrane, applied before the comparison. ``max_spikes_per_step``: >1 for
      multi-spike neurons. ``fire_once``: at most one spike per neuron and sample; it integrates on, without reset.
    - ``current``: the membrane of a CubaLIF is driven by this step's current or the previous one.
    - ``input_gain``: ``spec`` as NIR's equation gives it (Euler r*dt/tau, exact r*(1 - exp(-dt/tau)); IF r*dt), or
      ``unit``: the drive is added as it is.
    - ``recurrent_delay``: steps by which an edge into the node that closes a loop is late.
    - ``recurrent_bias_at_start``: what such an edge brings before its first message: nothing (``omitted``), or what its
      memoryless source makes of silence, its bias (``applied``).
    - ``initial_state``: membrane before the first step. ``keep_state``: a sample starts in the state in which the one
      before it ended (only ``fire_once`` starts anew), instead of the initial one.
    - ``state_grid``: current and membrane of a neuron are multiples of this power of two: what decay leaves of them and
      the drive are truncated toward zero, as on Loihi. None: real numbers.
    """

    dt: float = 1e-3
    method: Literal["euler", "exponential"] = "euler"
    reset: Literal["zero", "value", "subtract", "none"] = "zero"
    reset_timing: Literal["same-step", "next-step", "same-step-and-next", "every-step"] = "same-step"
    fires_at: Literal[">", ">="] = ">"
    v_min: float | None = None
    max_spikes_per_step: int = 1
    fire_once: bool = False
    current: Literal["new", "previous"] = "new"
    input_gain: Literal["spec", "unit"] = "spec"
    recurrent_delay: int = 1
    recurrent_bias_at_start: Literal["omitted", "applied"] = "omitted"
    initial_state: float = 0.0
    keep_state: bool = False
    state_grid: float | None = None

    def __post_init__(self) -> None:
        for term in fields(self):
            object.__setattr__(self, term.name, check_term(term.name, getattr(self, term.name), "contract"))


@dataclass(frozen=True)
class Contract:
    """Default terms and per-node overrides."""

    defaults: Terms = field(default_factory=Terms)
    overrides: Mapping[str, Mapping[str, Value]] = field(default_factory=dict[str, Mapping[str, Value]])

    def of(self, node: str) -> Terms:
        """The terms that hold for ``node``."""
        terms = self.overrides.get(node)
        return dataclasses.replace(self.defaults, **dict(terms)) if terms else self.defaults  # type: ignore[arg-type]

    def override(self, node: str, **terms: Value) -> Contract:
        """The same contract with more terms of one node set."""
        checked = {key: check_term(key, value, node) for key, value in terms.items()}
        merged = {**self.overrides, node: {**self.overrides.get(node, {}), **checked}}
        return dataclasses.replace(self, overrides=merged)

    def change(self, assignments: Mapping[str, str]) -> Contract:
        """Apply ``key=value`` (defaults) and ``NODE.key=value`` (one node) assignments given as text."""
        contract = self
        for path, text in assignments.items():
            node, _, key = path.rpartition(".")
            value = parse_term(key, text, node or "contract")
            if node:
                contract = contract.override(node, **{key: value})
            else:
                defaults = dataclasses.replace(contract.defaults, **{key: value})  # type: ignore[arg-type]
                contract = dataclasses.replace(contract, defaults=defaults)
        return contract

    def __repr__(self) -> str:
        changed = [f"{term}={right}" for term, _, right in _differing(Terms(), self.defaults) if term != "dt"]
        words = [f"dt = {self.defaults.dt:g} s", *(changed or ["the defaults"])]
        if self.overrides:
            words.append(f"{len(self.overrides)} nodes with terms of their own")
        return f"Contract: {', '.join(words)}"

    def _repr_html_(self) -> str:
        rows = [(term, term_text(value)) for term, value in asdict(self.defaults).items()]
        rows += [(term, value) for term, value in self.assignments().items() if "." in term]
        return fragment(html_table("contract", ("term", "value"), rows))

    def assignments(self) -> dict[str, str]:
        """Every default as ``key: value`` and every override as ``NODE.key: value``; what ``change`` reads."""
        texts = {key: term_text(value) for key, value in asdict(self.defaults).items()}
        for node, terms in sorted(self.overrides.items()):
            texts |= {f"{node}.{key}": term_text(value) for key, value in sorted(terms.items())}
        return texts

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``{"defaults": {...}, "overrides": {node: {...}}}``."""
        return {
            "defaults": asdict(self.defaults),
            "overrides": {node: dict(sorted(terms.items())) for node, terms in sorted(self.overrides.items())},
        }

    @staticmethod
    def from_json(data: Any) -> Contract:
        """Read ``to_json``'s form. Raises InputError naming the term that is unknown or has a bad value."""
        parts: dict[str, Any] = data if isinstance(data, dict) else {"": data}
        tables = [parts.get("defaults", {}), parts.get("overrides", {})]
        tables += tables[1].values() if isinstance(tables[1], dict) else []
        if parts.keys() - {"defaults", "overrides"} or not all(isinstance(table, dict) for table in tables):
            raise InputError("not a contract", "contract", 'write {"defaults": {...}, "overrides": {"NODE": {...}}}')
        checked = {key: check_term(key, value, "contract") for key, value in tables[0].items()}
        contract = Contract(Terms(**checked))  # type: ignore[arg-type]
        for node, terms in tables[1].items():
            contract = contract.override(node, **terms)
        return contract


@dataclass(frozen=True)
class Difference:
    """A term in which two contracts differ; ``node`` is empty for a default."""

    node: str
    term: str
    left: Value
    right: Value

    def __str__(self) -> str:
        path = f"{self.node}.{self.term}" if self.node else self.term
        return f"{path}: {term_text(self.left)} | {term_text(self.right)}"


def diff(left: Contract, right: Contract) -> tuple[Difference, ...]:
    """Where two contracts differ: in a default, or in what holds for a node that one of them names.

    A node that differs only because a default does is not listed again.
    """
    differences = [Difference("", *term) for term in _differing(left.defaults, right.defaults)]
    defaults = {(default.term, default.left, default.right) for default in differences}
    for node in sorted(left.overrides.keys() | right.overrides.keys()):
        overridden = _differing(left.of(node), right.of(node))
        differences += [Difference(node, *term) for term in overridden if term not in defaults]
    return tuple(differences)


def _differing(left: Terms, right: Terms) -> list[tuple[str, Value, Value]]:
    pairs = ((term.name, getattr(left, term.name), getattr(right, term.name)) for term in fields(Terms))
    return [pair for pair in pairs if pair[1] != pair[2]]


_HINTS = get_type_hints(Terms)


def check_term(key: str, value: Any, where: str) -> Value:
    """``value``, as the term's own type, if the term exists and may have it. Raises InputError otherwise."""
    if key not in _HINTS:
        known = (term.name for term in fields(Terms))
        raise InputError(f"unknown contract term {key!r}", where, choices(key, known, "the terms are"))
    hint = _HINTS[key]
    options = get_args(hint)
    if hint is bool or (options and isinstance(options[0], str)):
        allowed = options or (False, True)
        if any(value is choice or (isinstance(value, str) and value == choice) for choice in allowed):
            return value
        raise _bad(key, value, where, ", ".join(str(choice).lower() for choice in allowed))
    if value is None and type(None) in options:
        return None
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else nan
    if hint is int:
        if number.is_integer() and number >= 1:
            return int(number)
        raise _bad(key, value, where, "a whole number from 1")
    if key == "state_grid":
        if isfinite(number) and frexp(number)[0] == 0.5:
            return number
        raise _bad(key, value, where, "a power of two above 0, or none")
    if isfinite(number) and (key != "dt" or number > 0):
        return number
    raise _bad(key, value, where, "seconds above 0" if key == "dt" else "a number" + (" or none" if options else ""))


def _bad(key: str, value: Any, where: str, allowed: str) -> InputError:
    return InputError(f"contract term {key} cannot be {value!r}", where, f"it takes: {allowed}")


def parse_term(key: str, text: str, where: str) -> Value:
    """A term's value from text, as given on the command line."""
    words: dict[str, Value] = {"true": True, "false": False, "none": None}
    if text.lower() in words and text not in get_args(_HINTS.get(key)):
        return check_term(key, words[text.lower()], where)
    try:
        number = float(text)
    except ValueError:
        return check_term(key, text, where)
    return check_term(key, number, where)


def term_text(value: Value) -> str:
    """A term's value as ``parse_term`` reads it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def terms_text(values: Mapping[str, Value]) -> str:
    """Terms as ``key=value``, in one line."""
    return " ".join(f"{key}={value}" for key, value in values.items())
