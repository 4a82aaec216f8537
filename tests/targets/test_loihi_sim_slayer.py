"""A ``.net`` is SLAYER on Lava: as our integers, and read by lava-dl's own importer, whoever of us wrote it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.lowering import NET
from neurodeploy.targets.loihi_sim.runner import Run, run_many, through_netx

from neurodeploy.flow import load, lower
from neurodeploy.frontends.lava_dl.write import net_bytes
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from tests.crossframework.lava_dl.committed import members, net_file, records
from tests.targets.loihi_sim_support import differences, lava  # noqa: F401  # the fixture

NAMES = ("dense-random", "recurrent-dyadic", "dense-delayed")
THROUGH_NETX = ("dense-dyadic",)
WRITTEN_BY_US = ("conv-random",)


@pytest.fixture(scope="module")
def traces(lava: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:  # noqa: F811
    """On Lava: every net lowered, then lava-dl's own files read by netx. One launch."""
    folder = tmp_path_factory.mktemp("nets")
    runs: list[Run] = []
    for name in NAMES:
        runs.append(Run(artifact(folder, name), stimulus(name), states=True))
    files = {f"{name}.theirs": members()[f"{name}.net"] for name in THROUGH_NETX}
    files |= {f"{name}.ours": net_bytes(load(net_file(name, folder))) for name in WRITTEN_BY_US}
    for label, content in files.items():
        name = label.partition(".")[0]
        through = through_netx(artifact(folder, name, {"weight-exponent": "0"}))
        runs.append(Run(replace(through, files={**through.files, NET: content}), stimulus(name)))
    return dict(zip([*NAMES, *files], run_many(runs), strict=True))


def artifact(folder: Path, name: str, options: dict[str, str] | None = None) -> Any:
    return lower(load(net_file(name, folder)), TARGET, options).artifact


def stimulus(name: str) -> Stimulus:
    """Its first sample."""
    return Stimulus({"input": records(name)[0][:1].astype(float)})


@pytest.mark.parametrize("name", NAMES)
def test_lava_runs_the_very_integers(name: str, traces: dict[str, Any], tmp_path: Path) -> None:
    expected = run_program(artifact(tmp_path, name).program, stimulus(name), states=True)
    assert differences(traces[name], expected) == {}


@pytest.mark.parametrize("name", NAMES)
def test_lava_fires_as_slayer_did(name: str, traces: dict[str, Any]) -> None:
    spiking = [node for node in traces[name].entries if node != "input"]
    for late, (node, record) in enumerate(zip(spiking, records(name)[1], strict=True), 1):
        if (name, late) != ("dense-delayed", 1):  # that block's own delays stand behind its neurons
            assert np.array_equal(traces[name][node].output[:, :-late], record[:1, late:])


@pytest.mark.parametrize(
    "label", [*(f"{name}.theirs" for name in THROUGH_NETX), *(f"{name}.ours" for name in WRITTEN_BY_US)]
)
def test_lava_dl_s_importer_reads_the_file_alike(label: str, traces: dict[str, Any]) -> None:
    native = records(label.partition(".")[0])[1]
    (node,) = [each for each in traces[label].entries if each != "input"]
    assert np.array_equal(traces[label][node].output[:, : -len(native)], native[-1][:1, len(native) :])
