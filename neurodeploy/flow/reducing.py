"""A failing check made small: the least bundle and stimulus that still differ the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join
from typing import Any, Unpack

from neurodeploy.atomic import new_folder
from neurodeploy.bundle import Bundle, write_bundle
from neurodeploy.errors import InputError, NeurodeployError
from neurodeploy.flow.arguments import SubjectOptions, divided, spell_out, stimulus_of, texts
from neurodeploy.flow.checking import check
from neurodeploy.flow.exporting import lower_program
from neurodeploy.flow.foreign import run_target
from neurodeploy.flow.ladder import build_ladder
from neurodeploy.flow.loading import load
from neurodeploy.flow.subject import Subject, network_of, open_subject
from neurodeploy.html import fragment, html_note
from neurodeploy.parity.report import Report
from neurodeploy.program.program import Program
from neurodeploy.reduction import Case, First, shrunk
from neurodeploy.reduction.first import firsts
from neurodeploy.reduction.network import network_of_program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimuli import Source
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target

BUNDLE, STIMULUS, README = "bundle", "stimulus.npz", "README.md"
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Reduced:
    """A case made small, as it was written to ``path``.

    - ``target``; ``node``, ``step``, ``sample``: where it first differs; ``quantity``: in what.
    - ``before``, ``after``: samples, steps, neurons and events. ``steps``: what made it smaller.
    - ``command``: runs it again. ``causes``: what that check says of them, in sentences.
    """

    path: Path
    target: str
    node: str
    quantity: str
    step: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    steps: tuple[str, ...]
    command: str
    causes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {**vars(self), "path": str(self.path), "steps": list(self.steps), "causes": list(self.causes)}

    @property
    def lines(self) -> tuple[str, ...]:
        """What is said of it, line by line."""
        sizes = ", ".join(f"{self.before[key]} → {self.after[key]} {key}" for key in self.before)
        where = f"{self.target} differs in {self.node}, {self.quantity}, first in step {self.step}"
        return (f"reduced to {self.path}: {sizes}", where, *self.causes, f"run it again: {self.command}")

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return fragment(*map(html_note, self.lines))


@spell_out(stimulus_of, load)
def reduce(
    subject: Subject | str | Path,
    stimulus: Source = None,
    out: str | Path | None = None,
    *,
    target: str | None = None,
    options: Mapping[str, object] | None = None,
    trust_sources: bool = False,
    progress: Progress = lambda text: None,
    **how: Unpack[SubjectOptions],
) -> Reduced:
    """Make a divergence of a target small: fewest samples, steps, nodes, neurons and events that differ the same way.

    The same way means in the same node and the same quantity (output, membrane or current). What is left is written as
    a folder with a bundle, its stimulus and the command that checks them; the same input gives the same folder. A fault
    that stands in the files of a bundle, and not in what the target makes of another program, is kept with all nodes.

    Args:
        subject: a bundle or its folder, a Network, or what ``load`` takes together with the arguments of ``load``.
        stimulus: as ``run`` takes it, with the arguments ``window`` to ``seed``.
        out: the folder to write, ``<subject-stem>.reduced`` by default. It must not exist.
        target: the target that differs; a bundle's own by default.
        options: of quantization and of the target, e.g. ``{"weight-bits": 6}``.
        trust_sources: run a bundle's files even where its program gives others.
        progress: is told what was made smaller, in words.

    Raises:
        InputError: where nothing differs, where the folder exists, and for what does not fit.
        UnavailableError: for a target that cannot run here. Also what ``check`` raises. Nothing is written then.

    Example:
        >>> case = nd.reduce("model.mychip", "stimulus.npz")
        >>> case.command
        'neurodeploy check model.reduced/bundle --input model.reduced/stimulus.npz --batch --budget 0'
    """
    loading, showing = divided(how)
    place = _place(subject) if out is None else Path(out)
    if place.exists():
        raise InputError("exists", str(place), "choose another folder with -o, or remove it")
    opened = open_subject(subject, **loading)
    if target is None and not isinstance(opened, Bundle):
        raise InputError("a source has no target of its own", "--target", "name the target that differs")
    shown = stimulus_of(stimulus, network_of(opened), True, **showing)
    ladder = build_ladder(opened, None if target is None else [target], texts(options), None, trust_sources)
    chosen, artifact = ladder.targets[0]
    work = _Work(opened, chosen, artifact, texts(options))
    whole = work.start(Stimulus(shown.inputs, shown.labels))
    return work.written(place, whole, work.small(whole, progress), trust_sources)


def _place(subject: object) -> Path:
    if not isinstance(subject, str | Path):
        raise InputError("has no file name to derive a folder from", "out", "name the folder")
    return Path(f"{Path(subject).stem}.reduced")


@dataclass(frozen=True, eq=False)
class _Work:
    subject: Subject
    target: Target
    artifact: Artifact
    options: Mapping[str, str]

    def differs(self, program: Program, stimulus: Stimulus) -> Sequence[First | None]:
        """The first divergence of every sample, on the artifact that there is or one of the smaller program."""
        artifact = self.artifact if program is self.artifact.program else self._lowered(program)
        trace = run_target(self.target, artifact, stimulus, states=True)
        return firsts(program, run_program(program, stimulus, states=True), trace)

    def _lowered(self, program: Program) -> Artifact:
        known = {option.name for option in self.target.options}
        return lower_program(program, self.target, {k: v for k, v in self._own().items() if k in known})

    def _own(self) -> Mapping[str, str]:
        return self.subject.options if isinstance(self.subject, Bundle) else self.options

    def start(self, stimulus: Stimulus) -> Case:
        """The case as it was given. Raises InputError where nothing differs."""
        program = self.artifact.program
        found = [first for first in self.differs(program, stimulus) if first is not None]
        if not found:
            remedy = "give the stimulus of a check whose rung to this target diverged"
            raise InputError(f"program and {self.target.name} agree: there is nothing to reduce", "--input", remedy)
        rank = program.order.index
        return Case(program, stimulus, min(found, key=lambda first: (first.step, rank(first.node))))

    def small(self, whole: Case, progress: Progress) -> Case:
        """The case made small, its program too where a bundle of it differs when it is checked."""

        def differs(program: Program, stimulus: Stimulus) -> Sequence[First | None]:
            progress(f"{stimulus.batch} samples, {stimulus.steps} steps, {len(program.populations)} populations")
            if program is not whole.program:
                network_of_program(program)
            return self.differs(program, stimulus)

        return shrunk(whole, differs)

    def written(self, place: Path, whole: Case, case: Case, trust: bool) -> Reduced:
        """The folder of a case, after its command was tried."""
        same = case.program is whole.program
        network = network_of(self.subject) if same else network_of_program(case.program)
        artifact = self.artifact if same else self._lowered(case.program)
        report = {"findings": [finding.to_json() for finding in artifact.findings], "notes": list(artifact.notes)}
        sizes = [
            {"samples": c.stimulus.batch, "steps": c.stimulus.steps, "neurons": c.neurons, "events": c.events}
            for c in (whole, case)
        ]
        with new_folder(place) as folder:
            bundle = write_bundle(folder / BUNDLE, self.target.name, self._own(), network, artifact, report)
            case.stimulus.save(folder / STIMULUS)
            said = check(bundle, case.stimulus, budget=0.0, trust_sources=trust)
            command = _command(place, case.program, trust)
            reduced = Reduced(
                place,
                self.target.name,
                case.first.node,
                case.first.quantity,
                case.first.step,
                sizes[0],
                sizes[1],
                case.steps,
                command,
                self._confirmed(said, case),
            )
            (folder / README).write_text("\n\n".join(reduced.lines) + "\n", encoding="utf-8")
        return reduced

    def _confirmed(self, report: Report, case: Case) -> tuple[str, ...]:
        """What the check of the small case says of the causes. Raises NeurodeployError where it does not differ."""
        rung = next(rung for rung in report.rungs if rung.target == self.target.name)
        first = rung.first_divergence
        if first is None or first.node != case.first.node:
            problem = "differs no more when it is checked again: what the target does is not the same every time"
            raise NeurodeployError(problem, f"target {self.target.name}", "run the same check twice")
        return () if rung.causes is None else rung.causes.words


def _command(place: Path, program: Program, trust: bool) -> str:
    words = ["neurodeploy", "check", str(place / BUNDLE), "--input", str(place / STIMULUS), "--batch", "--budget", "0"]
    return join([*words, *(["--trust-sources"] if trust else [])])
