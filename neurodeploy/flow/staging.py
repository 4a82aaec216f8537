"""The stages of quantization, with their options, and what each of them did to a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.flow.arguments import LoadOptions, spell_out, texts
from neurodeploy.flow.encoder import with_encoder
from neurodeploy.flow.exporting import numerics_of
from neurodeploy.flow.loading import load, network_from
from neurodeploy.network.network import Network
from neurodeploy.numerics import Numerics
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.options import option_json, options_of
from neurodeploy.passes.pipeline import STAGES, configured
from neurodeploy.passes.stage import Stage, run_stage, summary, until
from neurodeploy.passes.views import stage_table, table_json
from neurodeploy.stimuli import Source, open_stimulus
from neurodeploy.table import Table
from neurodeploy.target import Target, find_target


@dataclass(frozen=True, eq=False)
class StageRun:
    """A stage as it is set up, and the draft it left where it has run."""

    stage: Stage
    draft: Draft | None = None

    @property
    def result(self) -> Table | None:
        """What it left, node by node."""
        return None if self.draft is None else stage_table(self.stage.name, self.draft)


@dataclass(frozen=True, eq=False)
class StageList:
    """Stages in their order. ``numerics``: the machine they are set up for; None where none was named."""

    stages: tuple[StageRun, ...]
    numerics: Numerics | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """The stages and their options, as tables."""
        ran = any(run.draft is not None for run in self.stages)
        rows = [(run.stage.name, summary(run.stage), *(_here(run) if ran else ())) for run in self.stages]
        columns = ("stage", "does", *(("here",) if ran else ()))
        return Table("stages of quantization", columns, rows), self._options()

    def _options(self) -> Table:
        machines = () if self.numerics is None else (self.numerics,)
        rows = [
            (known.key, run.stage.name, known.domain.describe(machines), known.default_text(), known.help)
            for run in self.stages
            for known in options_of(run.stage)
        ]
        return Table("options, set with -O option=value", ("option", "stage", "takes", "default", "means"), rows)

    def to_json(self) -> dict[str, Any]:
        """As plain data: every stage with its conditions and options; ``here`` and ``rows`` where it has run."""
        machines = () if self.numerics is None else (self.numerics,)
        return {"stages": [_stage_json(run, machines) for run in self.stages]}


@spell_out(load)
def stages(
    source: Network | str | Path | None = None,
    target: str | Target | None = None,
    options: Mapping[str, object] | None = None,
    stop_after: str | None = None,
    encoder: DeployedEncoder | str | Path | None = None,
    calibrate: Source = None,
    **loading: Unpack[LoadOptions],
) -> StageList:
    """The stages of quantization; with a ``source`` they are run, so that each shows what it did.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``; without one the stages are
            only listed.
        target: whose numerics are used, by name or as it is; without one, the default.
        options: of quantization, e.g. ``{"weight-bits": 6}``.
        stop_after: the name of the last stage to run or list.
        encoder: what makes the network's input of signals, or the file it is in.
        calibrate: as ``quantize`` takes it.

    Raises:
        InputError: for a stage that does not exist, and for bad options.
        RefusedError, CannotRepresentError: from a stage, which the error names.
    """
    asked = texts(options)
    network = None if source is None else network_from(source, **loading)
    if network is not None and encoder is not None:
        network = with_encoder(network, encoder)
    chosen = find_target(target) if isinstance(target, str) else target
    known = None if chosen is None and network is None and "numerics" not in asked else numerics_of(chosen, asked)
    shown = None if calibrate is None or network is None else open_stimulus(calibrate, network)
    listed: Sequence[Stage] = STAGES if known is None else configured(asked, known, shown)
    listed = listed if stop_after is None else until(listed, stop_after)
    if network is None or known is None:
        return StageList(tuple(StageRun(stage) for stage in listed), known)
    draft, runs = Draft(network, Machine.of(known)), list[StageRun]()
    for stage in listed:
        draft = run_stage(stage, draft)
        runs.append(StageRun(stage, draft))
    return StageList(tuple(runs), known)


def _here(run: StageRun) -> tuple[str]:
    return ("" if run.result is None else run.result.title,)


def _stage_json(run: StageRun, machines: Sequence[Numerics]) -> dict[str, Any]:
    result = {} if run.result is None else {"here": run.result.title, "rows": table_json(run.result)}
    return {
        "name": run.stage.name,
        "does": summary(run.stage),
        "requires": [condition.text for condition in run.stage.requires],
        "ensures": [condition.text for condition in run.stage.ensures],
        "options": {known.key: option_json(known, machines) for known in options_of(run.stage)},
        **result,
    }
