"""Go through many choices: load once, share the data by content, and compute every row that is not there yet."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.flow.arguments import StimulusOptions, SubjectOptions, divided, spell_out, stimulus_of
from neurodeploy.flow.exporting import numerics_of, own_options
from neurodeploy.flow.loading import load, network_from
from neurodeploy.flow.outputs import check_apart
from neurodeploy.network.file import network_bytes
from neurodeploy.network.network import Network
from neurodeploy.passes.pipeline import configured
from neurodeploy.sweeps.choices import NONE, OWN, Choices, choices_of, read_choices
from neurodeploy.sweeps.files import FILES, write
from neurodeploy.sweeps.job import Job, Outcome
from neurodeploy.sweeps.journal import open_journal
from neurodeploy.sweeps.result import Sweep
from neurodeploy.sweeps.running import Progress, Work, run_jobs
from neurodeploy.target import check_options, find_target
from neurodeploy.work import open_crew
from neurodeploy.work.crew import digest_of
from neurodeploy.work.version import version

BUDGET = 0.9
CALIBRATION = "calibration.npz"
"""The model's own stimulus to calibrate with, as it is kept beside the table."""


@dataclass(frozen=True, eq=False)
class _Data:
    """Everything that jobs are shown, by digest; and what each name of a stimulus stands for.

    ``own``: the model's own stimulus to calibrate with, where one is asked for.
    """

    pieces: dict[str, bytes]
    network: str
    stimuli: Mapping[tuple[str, int], str]
    calibrations: Mapping[str, str]
    own: bytes | None


@spell_out(stimulus_of, load)
def sweep(
    source: Network | str | Path,
    out: str | Path,
    *,
    targets: Sequence[str] = (),
    options: Mapping[str, Sequence[Any]] | None = None,
    stimuli: Sequence[str | Path] = (OWN,),
    calibrate: Sequence[str | Path] = (NONE,),
    seeds: Sequence[int] = (0,),
    choices: str | Path | None = None,
    budget: float = BUDGET,
    executor: str = "serial",
    progress: Progress = lambda text: None,
    **how: Unpack[SubjectOptions],
) -> Sweep:
    """Export and check a network once for every combination of choices: a row for each.

    A row holds the verdict from network to target, the Jaccard index of the worst layer between the network and its
    integers, accuracies where the stimulus has labels, bytes, and synaptic operations. ``out`` gets ``rows.jsonl``, to
    which every finished row is added at once, and at the end ``table.csv``, ``table.parquet`` and ``pareto.svg``. Rows
    that are there already, of the same network, data, options and code, are not computed again.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``.
        out: the folder of the table.
        targets: names of targets.
        options: values of options of quantization and of the targets: ``{"weight-bits": [8, 6, 4]}``.
        stimuli: files, or ``"own"``: the model's own stimulus, else 10 % noise.
        calibrate: files, ``"own"``, or ``"none"``: every number is rounded to the nearest.
        seeds: of a stimulus that is made here.
        choices: a TOML file with all of these instead.
        budget: the Jaccard index, 0 to 1, that the best row keeps in every layer.
        executor: ``"serial"``, ``"processes:N"`` or ``"dask:ADDRESS"``: the table is the same.
        progress: is told how far it has come, in words.

    Raises:
        InputError: for choices that cannot be, before anything runs. What fails later is a row with its error.
        UnavailableError: for a target or a cluster that is not there. EnvironmentFailureError: for a full disk; what is
        finished is kept.

    Example:
        >>> table = nd.sweep("model.pt", "swept", targets=["fixed"], options={"weight-bits": [8, 4, 2]})
        >>> table.best["weight-bits"]
    """
    how.pop("seed", None)
    loading, showing = divided(how)
    if not 0 <= budget <= 1:
        raise InputError(f"{budget:g} is no Jaccard index", "--budget", "give a number from 0 to 1")
    asked = _asked(targets, options, stimuli, calibrate, seeds, choices)
    _check(asked)
    written = [Path(out) / name for name in (*FILES, *((CALIBRATION,) if OWN in asked.calibrations else ()))]
    read = {"source": source, "stimuli": asked.stimuli, "calibrate": asked.calibrations, "choices": choices}
    check_apart(written, {**how, **read})
    name = str(source) if isinstance(source, str | Path) else "NETWORK"
    words = [name, *_words({**loading, **showing})]
    return _swept(network_from(source, **loading), asked, showing, Path(out), budget, executor, progress, words)


def _swept(
    network: Network,
    asked: Choices,
    showing: StimulusOptions,
    folder: Path,
    budget: float,
    executor: str,
    progress: Progress,
    source: Sequence[str],
) -> Sweep:
    findings: list[Finding] = []
    with open_journal(folder) as journal:
        data = _data(network, asked, showing, findings)
        jobs = _jobs(asked, data)
        missing = {job.key: Work(job, *_pieces(job)) for job in jobs if job.key not in journal.rows}
        passing: dict[str, Outcome] = {}
        if missing:
            with open_crew(executor) as crew:
                passing = run_jobs(list(missing.values()), data.pieces, crew, journal, progress)
        outcomes = {**journal.rows, **passing}
        rows = tuple({**_chosen(job), **outcomes[job.key], "command": _command(source, job, folder)} for job in jobs)
        swept = Sweep(rows, tuple(_chosen(jobs[0])), budget, len(missing), tuple(findings))
        beside = {} if data.own is None else {CALIBRATION: data.own}
        return replace(swept, findings=(*findings, *write(swept, folder, beside)))


def _asked(
    targets: Sequence[str],
    options: Mapping[str, Sequence[Any]] | None,
    stimuli: Sequence[str | Path],
    calibrate: Sequence[str | Path],
    seeds: Sequence[int],
    choices: str | Path | None,
) -> Choices:
    given_too = targets or options or list(stimuli) != [OWN] or list(calibrate) != [NONE] or list(seeds) != [0]
    if choices is None:
        names = list(map(str, stimuli)), list(map(str, calibrate))
        return choices_of(targets, {key.replace("_", "-"): v for key, v in (options or {}).items()}, *names, seeds)
    if given_too:
        raise InputError("choices stand in the file and beside it", str(choices), "name them in one place")
    return read_choices(Path(choices))


def _check(asked: Choices) -> None:
    """Refuse unknown targets, options and values before anything runs."""
    for name in asked.targets:
        target = find_target(name)
        for _, options, *_ in Choices((name,), asked.options).combinations():
            chosen = dict(options)
            check_options(target, own_options(chosen))
            configured(chosen, numerics_of(target, chosen))


def _data(network: Network, asked: Choices, showing: StimulusOptions, findings: list[Finding]) -> _Data:
    """Open every stimulus once. Raises InputError."""
    pieces: dict[str, bytes] = {}

    def kept(data: bytes) -> str:
        pieces[digest_of(data)] = data
        return digest_of(data)

    def opened(name: str, how: StimulusOptions) -> bytes:
        shown = stimulus_of(None if name == OWN else Path(name), network, **how)
        findings.extend(finding for finding in shown.findings if finding not in findings)
        with tempfile.TemporaryDirectory(prefix="neurodeploy-") as place:
            shown.save(path := Path(place) / "stimulus.npz")
            return path.read_bytes()

    stimuli = {
        (name, seed): kept(opened(name, {**showing, "seed": seed})) for name in asked.stimuli for seed in asked.seeds
    }
    calibrations, own = {NONE: ""}, None
    for name in asked.calibrations:
        if name == OWN:
            own = opened(OWN, {**showing, "seed": max(asked.seeds) + 1})
            calibrations[OWN] = kept(own)
        elif name != NONE:
            calibrations[name] = kept(opened(name, {}))
    return _Data(pieces, kept(network_bytes(network)), stimuli, calibrations, own)


def _jobs(asked: Choices, data: _Data) -> list[Job]:
    code = str(version())
    return [
        Job(
            target,
            options,
            stimulus,
            calibration,
            seed,
            (data.network, data.stimuli[stimulus, seed], data.calibrations[calibration]),
            code,
        )
        for target, options, stimulus, calibration, seed in asked.combinations()
    ]


def _pieces(job: Job) -> tuple[str, ...]:
    return tuple(digest for digest in job.data if digest)


def _chosen(job: Job) -> dict[str, Any]:
    """The columns of a job that were chosen."""
    return {
        "target": job.target,
        **dict(job.options),
        "stimulus": job.stimulus,
        "calibrate": job.calibrate,
        "seed": job.seed,
    }


def _command(source: Sequence[str], job: Job, folder: Path) -> str:
    """What makes the row again. ``source``: with the options that load it and its stimulus."""
    words = ["neurodeploy", "check", *source, "-t", job.target]
    for key, value in job.options:
        words += ["-O", f"{key}={value}"]
    words += ["--input", job.stimulus] if job.stimulus != OWN else []
    if job.calibrate != NONE:
        words += ["--calibrate", str(folder / CALIBRATION) if job.calibrate == OWN else job.calibrate]
    return shlex.join([*words, "--seed", str(job.seed)])


def _words(options: Mapping[str, Any]) -> list[str]:
    """Options as the command line has them; those that say nothing are left out."""
    words: list[str] = []
    for name, value in options.items():
        if value is None or value is False or (name == "downscale" and value == 1):
            continue
        text = ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [text])]
    return words
