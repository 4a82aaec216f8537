"""From a Network to a Program: the stages in their order. ``neurodeploy export --stages`` lists them.

``STAGES`` is the list as it runs; ``stages`` holds one class per stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from neurodeploy.errors import InputError, choices
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_table
from neurodeploy.network.network import Network
from neurodeploy.numerics import LOIHI2, Numerics
from neurodeploy.passes.accuracy import (
    BitChoice,
    Calibrated,
    LayerReport,
    NeuronReport,
    budget_findings,
    calibration_findings,
    cut_findings,
    overflow_findings,
)
from neurodeploy.passes.calibration.populations import Array
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.options import (
    StageOption,
    options_of,
    read_options,
)
from neurodeploy.passes.stage import Stage, run_stages
from neurodeploy.passes.stages import (
    Arithmetic,
    Assembly,
    Calibration,
    Ceilings,
    LayerBits,
    Messages,
    Neurons,
    Paths,
    Resets,
    Room,
    Rounding,
    Scales,
    Units,
    ValueBounds,
    Widths,
)
from neurodeploy.program.program import Program

STAGES: tuple[Stage, ...] = (
    Arithmetic(),
    Widths(),
    Resets(),
    Paths(),
    Neurons(),
    ValueBounds(),
    LayerBits(),
    Units(),
    Ceilings(),
    Messages(),
    Room(),
    Calibration(),
    Scales(),
    Rounding(),
    Assembly(),
)
"""The pipeline with every option at its default."""


@dataclass(frozen=True, eq=False)
class Quantized:
    """The Program, a report per projection and one per population."""

    program: Program
    layers: tuple[LayerReport, ...]
    neurons: tuple[NeuronReport, ...] = ()
    calibrated: tuple[Calibrated, ...] = ()
    bit_choice: BitChoice | None = None
    adapted: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What quantization noticed."""
        calibrated = *calibration_findings(self.calibrated), *cut_findings(self.calibrated)
        return (*self.adapted, *overflow_findings(self.neurons), *calibrated, *budget_findings(self.bit_choice))

    def __repr__(self) -> str:
        return f"Quantized: {self.program!r}"

    def _repr_html_(self) -> str:
        tables = self.program.tables([asdict(layer) for layer in self.layers])
        return fragment(*(html_table(*table) for table in tables))


def pipeline_options(stages: Sequence[Stage] = STAGES) -> dict[str, StageOption]:
    """Every option of the pipeline by its key, in the order of the stages."""
    return {known.key: known for stage in stages for known in options_of(stage)}


def configured(
    texts: Mapping[str, str], numerics: Numerics, calibrate: Mapping[str, Array] | None = None
) -> tuple[Stage, ...]:
    """The stages for ``numerics``, with those of their options that ``texts`` set; other keys are ignored.

    ``texts``: values by key, as they stand after ``-O``. ``calibrate``: a stimulus, real values ``(B, T, *shape)`` by
    input. Raises InputError for a bad value.
    """
    return _on_stimulus(
        [replace(stage, **read_options(options_of(stage), texts, (numerics,))) for stage in STAGES], calibrate
    )


def _on_stimulus(stages: Sequence[Stage], stimulus: Mapping[str, Array] | None) -> tuple[Stage, ...]:
    """The stages with the stimulus they calibrate or judge by; the search for bits has the stages after it."""
    ready: tuple[Stage, ...] = ()
    for stage in reversed(stages):
        if isinstance(stage, LayerBits):
            stage = replace(stage, stimulus=stimulus, rest=ready)
        if isinstance(stage, Calibration):
            stage = replace(stage, stimulus=stimulus)
        ready = (stage, *ready)
    return ready


def quantize(
    network: Network, numerics: Numerics = LOIHI2, calibrate: Mapping[str, Array] | None = None, **values: Any
) -> Quantized:
    """The network in a machine's integers.

    Args:
        network: the float network.
        numerics: the machine's arithmetic.
        calibrate: a stimulus to calibrate with, real values ``(B, T, *shape)`` by input.
        values: options of the stages by the names of their fields: ``weight_bits=4``, ``message_bits=6``.

    Raises:
        RefusedError: for what integers cannot say.
        CannotRepresentError: for what the machine cannot hold, with the numbers.
        InputError: for an option that does not exist or has a bad value.
    """
    known = {option.attribute: option.key for option in pipeline_options().values()}
    unknown = sorted(values.keys() - known.keys())
    if unknown:
        raise InputError(f"no stage has an option {unknown[0]!r}", "quantize", choices(unknown[0], known))
    stages = [
        replace(
            stage, **{name.attribute: values[name.attribute] for name in options_of(stage) if name.attribute in values}
        )
        for stage in STAGES
    ]
    return quantized(run_stages(_on_stimulus(stages, calibrate), Draft(network, Machine.of(numerics))))


def quantized(draft: Draft) -> Quantized:
    """What the last stage left."""
    assert draft.program is not None
    return Quantized(draft.program, draft.layers, draft.reports, draft.calibrated, draft.bit_choice, draft.adapted)
