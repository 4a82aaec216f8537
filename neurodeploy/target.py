"""The contract between the core and a target, and the discovery of installed targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurodeploy.capabilities import Capabilities
from neurodeploy.errors import CapabilityError, InputError, UnavailableError, choices
from neurodeploy.evidence import INDEPENDENT, Evidence
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.numerics import Numerics
from neurodeploy.plugin import TARGETS, load_plugin, plugin_names, registered
from neurodeploy.program.latency import loop_components
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

GROUP = TARGETS
Options = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Artifact:
    """What one target's own tools load: ``files`` by relative name, beside the ``program`` they were made from.

    ``notes`` says in words what the lowering chose (for the report); ``findings`` what it noticed.
    """

    program: Program
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One ``-O name=value`` a target understands: its default and one line of help.

    ``check`` raises InputError for a value without meaning. It is asked before a network is loaded.
    """

    name: str
    default: str
    help: str
    check: Callable[[str], object] = str


class Runner(Protocol):
    """Runs an artifact on a Stimulus and gives the Trace, with latency removed.

    ``states`` asks for membranes and currents; with ``drive`` every synapse is fed that trace's outputs (isolated run).
    """

    def __call__(
        self, artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None
    ) -> Trace: ...


class Feed(Protocol):
    """Some samples of a run under way, fed in chunks of steps; chunks joined are the whole run."""

    def feed(self, stimulus: Mapping[str, NDArray[Any]], drive: Trace | None = None) -> Trace:
        """What the next steps do, for values ``(B, T, *shape)`` per input; ``drive`` as a Runner takes it."""
        ...


Opener = Callable[[Artifact, int, bool], "Feed | None"]
"""Opens a run of an artifact for so many samples, with or without states; None where only whole runs are possible."""
Rule = Callable[[Program], Sequence[Finding]]


@dataclass(frozen=True, eq=False)
class Target:
    """A target is one frozen value; a variant of it is ``dataclasses.replace``.

    ``rules`` are small named functions that return findings; ``available`` gives the reason why it cannot run here,
    or None. ``opens``: where it has one, long runs are fed to it in chunks. ``evidence`` says what it means that its
    rung agrees; a trace that carries evidence itself overrules it.
    """

    name: str
    summary: str
    numerics: Numerics
    capabilities: Capabilities
    lower: Callable[[Program, Options], Artifact]
    run: Runner
    rules: tuple[Rule, ...] = ()
    options: tuple[Option, ...] = ()
    available: Callable[[], str | None] = lambda: None
    install: Callable[[Callable[[str], None]], None] | None = None
    evidence: Evidence = INDEPENDENT
    numerics_choices: tuple[Numerics, ...] = ()
    opens: Opener | None = None

    def __repr__(self) -> str:
        return f"Target {self.name}: {self.summary}"

    def _repr_html_(self) -> str:
        can = [(term, _words(value)) for term, value in vars(self.capabilities).items()]
        options = [(option.name, option.default, option.help) for option in self.options]
        return fragment(
            html_note(f"target {self.name}: {self.summary}; numerics: {self.numerics.name}"),
            html_table("options (-O)", ("name", "default", "meaning"), options),
            html_table("what it carries", ("term", "value"), can),
        )


def _words(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset | tuple) else str(value)


@dataclass(frozen=True, eq=False)
class Installed:
    """A registered target: loaded, or the reason why its plug-in fails to import."""

    name: str
    target: Target | None
    reason: str | None


def load_entry(entry: EntryPoint) -> Installed:
    """Import one plug-in; a failure is kept as its reason, never swallowed."""
    target = load_plugin(entry, Target)
    if isinstance(target, str):
        return Installed(entry.name, None, target)
    return Installed(entry.name, target, unavailable(target))


def unavailable(target: Target) -> str | None:
    """Why ``target`` cannot run here, or None."""
    try:
        return target.available()
    except Exception as error:  # foreign code, as above
        return f"its own check fails: {type(error).__name__}: {error}"


def target_names() -> tuple[str, ...]:
    """Names of all registered targets, whether or not they can be used."""
    return plugin_names(GROUP)


def installed_targets() -> dict[str, Installed]:
    """Every registered target by name."""
    return {name: _installed(name) for name in target_names()}


def find_target(name: str, where: str = "--target", also: Sequence[str] = ()) -> Target:
    """The target of that name. Raises InputError for an unknown one, UnavailableError for one that cannot be used.

    The message names the option ``where`` it was given, and what ``also`` could stand there.
    """
    if name not in target_names():
        what = f"unknown {'rung' if also else 'target'} {name!r}"
        raise InputError(what, where, choices(name, (*also, *target_names())))
    installed = _installed(name)
    if installed.target is None:
        what = f"target {name} cannot be used: {installed.reason}"
        raise UnavailableError(what, remedy="repair or remove its package")
    return installed.target


def _installed(name: str) -> Installed:
    entry = registered(GROUP, name)
    return Installed(name, None, entry) if isinstance(entry, str) else load_entry(entry)


def ensure_available(target: Target) -> None:
    """Raises UnavailableError with the target's own reason where it cannot run here."""
    reason = unavailable(target)
    if reason is not None:
        remedy = f"neurodeploy targets install {target.name}" if target.install is not None else ""
        raise UnavailableError(f"target {target.name} cannot run here: {reason}", remedy=remedy)


def check_options(target: Target, options: Options) -> dict[str, str]:
    """The options with defaults filled in. Raises InputError for an unknown one, and for a value without meaning."""
    known = {option.name: option.default for option in target.options}
    unknown = sorted(options.keys() - known.keys())
    if unknown:
        raise InputError(
            f"target {target.name} has no option {unknown[0]!r}",
            "-O",
            choices(unknown[0], known, "it has"),
        )
    for option in target.options:
        if option.name in options:
            option.check(options[option.name])
    return known | dict(options)


def check_capabilities(target: Target, program: Program) -> tuple[Finding, ...]:
    """Run every design rule. Raises CapabilityError with all errors at once; returns the other findings."""
    findings = [*_numerics_findings(target, program), *capability_findings(target.capabilities, program)]
    for rule in target.rules:
        findings += rule(program)
    errors = tuple(finding for finding in findings if finding.severity == "error")
    if errors:
        raise CapabilityError(
            f"cannot carry this network ({len(errors)} violation{'s' if len(errors) > 1 else ''})",
            f"target {target.name}",
            findings=errors,
        )
    return tuple(findings)


def _numerics_findings(target: Target, program: Program) -> list[Finding]:
    taken = (target.numerics, *target.numerics_choices)
    if program.numerics in taken:
        return []
    names = ", ".join(dict.fromkeys(numerics.name for numerics in taken))
    message = f"its integers are made for {program.numerics.name} numerics, the target runs {names}"
    return [Finding("numerics", "error", "program", message, "quantize for this target from the source")]


ARRAYS = ("threshold", "current_decay", "membrane_decay", "bias", "initial_membrane", "initial_current")


def _neuron_terms(can: Capabilities, p: Population) -> Iterator[tuple[bool, str]]:
    """Whether each term of a neuron is within the capabilities, with its name and verb."""
    yield can.biases or not np.any(p.bias), "a bias is"
    yield can.clamps or (p.floor is None and p.ceiling is None), "a floor or ceiling is"
    yield can.fire_once or not p.fire_once, "firing once is"
    yield can.stateless or not p.every_step, "a neuron without memory is"
    yield can.initial_states or not (np.any(p.initial_membrane) or np.any(p.initial_current)), "an initial state is"
    several = [] if can.arrays else [key for key in ARRAYS if np.unique(getattr(p, key)).size > 1]
    yield not several, f"{', '.join(several)} that differ between neurons are"


def capability_findings(can: Capabilities, program: Program) -> list[Finding]:
    """Violations of plain capabilities."""
    findings: list[Finding] = []

    def need(holds: bool, node: str, message: str, remedy: str) -> None:
        if not holds:
            findings.append(Finding("capability", "error", node, message, remedy))

    for p in program.populations:
        need(p.kind in can.populations, p.name, f"population kind {p.kind} is not supported", "use another target")
        need(p.reset in can.resets, p.name, f"reset {p.reset} is not supported", "train with another reset")
        need(p.compare in can.compares, p.name, f"comparison {p.compare} is not supported", "set fires_at")
        many = p.max_spikes_per_step
        need(
            many <= can.max_spikes_per_step,
            p.name,
            f"{many} spikes per step, the limit is {can.max_spikes_per_step}",
            "set max_spikes_per_step",
        )
        for holds, words in _neuron_terms(can, p):
            need(holds, p.name, f"{words} not supported", "train without")
    loops = loop_components(program) if not can.recurrence else {}
    for p in program.projections:
        need(p.delay <= can.delay_max, p.name, f"delay {p.delay}, the limit is {can.delay_max}", "use a shorter delay")
        closes = p.source in loops and loops[p.source] == loops[p.target]
        need(not closes, p.name, "recurrence is not supported", "train without feedback")
        need(p.kind in can.projections, p.name, f"projection kind {p.kind} is not supported", "use another target")
        graded = program.node(p.source).output.kind != "binary" and p.message_bits > 1
        need(can.graded_messages or not graded, p.name, "graded messages are not supported", "use spikes")
    return findings
