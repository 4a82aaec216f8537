"""One row: a network exported with some options, checked on a stimulus, its costs counted."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from neurodeploy.bundle import Bundle
from neurodeploy.costs.of_program import program_costs
from neurodeploy.errors import EnvironmentFailureError, NeurodeployError, UnavailableError
from neurodeploy.flow.checking import check
from neurodeploy.flow.exporting import export
from neurodeploy.network.file import network_of_bytes
from neurodeploy.parity.report import Report
from neurodeploy.stimulus import Stimulus
from neurodeploy.work import Shared, content

Outcome = dict[str, Any]
FAILED, NOT_RUN = "failed", "not run"
NAMES = ("stimulus", "calibrate", "seed")
"""Fields of a job that its data stand for."""
QUANTIZATION = "program"
"""The rung that compares the network with its integers."""


@dataclass(frozen=True)
class Job:
    """What makes a row.

    - ``target``; ``options``: of quantization and of the target.
    - ``stimulus``, ``calibrate``: their names; ``seed``: of a stimulus that is made.
    - ``data``: digests of network, stimulus and calibration stimulus; ``code``: what computes it.
    """

    target: str
    options: tuple[tuple[str, str], ...]
    stimulus: str
    calibrate: str
    seed: int
    data: tuple[str, str, str]
    code: str

    @property
    def key(self) -> str:
        """The job by its content: equal for equal work, whatever its files are called."""
        plain = {name: value for name, value in asdict(self).items() if name not in NAMES}
        return sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()[:16]


def run_job(job: Job, network: Shared | bytes, stimulus: Shared | bytes, calibrate: Shared | bytes | None) -> Outcome:
    """The row of a job. A failure is a row too, with its error."""
    try:
        return _measured(job, content(network), content(stimulus), None if calibrate is None else content(calibrate))
    except (UnavailableError, EnvironmentFailureError) as error:
        return not_run(str(error))
    except NeurodeployError as error:
        return {"verdict": FAILED, "error": _one_line(error)}
    except Exception as error:
        return {"verdict": FAILED, "error": f"internal error: {type(error).__name__}: {_one_line(error)}"}


def not_run(error: str) -> Outcome:
    """A row that may be had another day: a target, a tool, memory or a worker was missing."""
    return {"verdict": NOT_RUN, "error": _one_line(error)}


def _one_line(error: object) -> str:
    return " ".join(str(error).split())


def _measured(job: Job, network: bytes, stimulus: bytes, calibrate: bytes | None) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="neurodeploy-") as folder:
        place = Path(folder)
        shown = _stimulus(stimulus, place)
        chosen = None if calibrate is None else _stimulus(calibrate, place)
        bundle = export(
            network_of_bytes(network, "network"),
            job.target,
            place / "bundle",
            dict(job.options),
            calibrate=chosen,
        )
        report = check(bundle, shown, budget=0.0, causes=False, adequacy=False)
        costs = program_costs(bundle.program, shown)
    operations = costs.synaptic_operations
    return {
        "verdict": report.verdict,
        **_kept(report),
        **_accuracies(report, job.target),
        "weight_memory_bits": _weight_bits(bundle),
        "footprint_bytes": costs.footprint,
        "effective_acs": operations["Effective_ACs"],
        "effective_macs": operations["Effective_MACs"],
        "error": "",
    }


def _weight_bits(bundle: Bundle) -> int:
    """Bits of all weights, each at the width that quantization used in its layer."""
    width = bundle.program.numerics.weight_bits
    used = {str(layer["projection"]): int(layer["weight_bits"]) for layer in bundle.report.get("layers", ())}
    return sum(p.weights.size * used.get(p.name, width) for p in bundle.program.projections)


def _stimulus(data: bytes, folder: Path) -> Stimulus:
    path = folder / "stimulus.npz"
    path.write_bytes(data)
    return Stimulus.load(path)


def _kept(report: Report) -> Outcome:
    """The worst layer between the network and its integers."""
    nodes = {name: node for rung in report.rungs if rung.target == QUANTIZATION for name, node in rung.nodes.items()}
    spiking = {name: node.jaccard for name, node in nodes.items() if node.jaccard is not None}
    worst = min(spiking, key=lambda name: spiking[name], default="")
    return {"worst_layer": worst, "worst_jaccard": spiking.get(worst)}


def _accuracies(report: Report, target: str) -> Outcome:
    """Shares of right answers by rung, where labels say what is right."""
    task: Mapping[str, Mapping[str, Any]] = report.task or {}
    rungs = {"network": "network", "program": "program", "target": target}
    return {f"accuracy_{key}": task.get(rung, {}).get("accuracy") for key, rung in rungs.items()}
