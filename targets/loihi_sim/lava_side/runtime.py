"""Run one job on Lava's runtime."""

# pyright: reportMissingImports=false, reportPrivateUsage=false
from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.magma.runtime.message_infrastructure.multiprocessing import SystemProcess

from . import network, netx
from .notes import note_failure, note_process

OWN_MODELS = {"HeldLIF": "PyHeldLifModel", "GradedRelay": "PyGradedRelayModel"}


def preload(processes: set[str]) -> None:
    """Import the stock processes of that name."""
    for name in processes & network.STOCK.keys():
        network.stock(name)


def run_job(folder: Path) -> None:
    """Build the network of ``folder`` and step it through all columns."""
    description = json.loads((folder / "network.json").read_text())
    job = network.Job(**json.loads((folder / "job.json").read_text()))
    if job.process_models is not None:
        replace_models(job.process_models)
    with np.load(folder / "weights.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    with np.load(folder / "sources.npz", allow_pickle=False) as file:
        sources = {name: file[f"source.{number}"] for number, name in enumerate(json.loads(str(file["names"])))}
    if "netx" in description:
        recorder, models = netx.build("network.net", job, description["netx"], *sources.values())
    else:
        recorder, models = network.build(description, arrays, sources, job)

    widen_shapes()

    def models_of(proc: object) -> list[type]:
        return models[type(proc)]

    ProcGroupDiGraphs._find_proc_models = staticmethod(models_of)
    SystemProcess.run = run_and_note
    BaseProcess.start = start_and_note
    recorder.create_runtime(run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    recorder.run(condition=RunSteps(num_steps=job.columns))


def widen_shapes() -> None:
    """Have Lava's convolutions compute their shapes in Python's integers.

    They hold their padding in 8 bits, which with NumPy 2 cannot be added to a side of 128 or more.
    """
    utils: Any = sys.modules.get("lava.proc.conv.utils")
    if utils is not None:
        narrow: Callable[..., Any] = utils.output_shape

        def output_shape(*args: Any) -> Any:
            return narrow(*(np.asarray(argument).astype(int).tolist() for argument in args))

        utils.output_shape = output_shape


start_process = BaseProcess.start


def start_and_note(self: Any) -> None:
    """Start a process of the network and have the worker watch it."""
    start_process(self)
    note_process(self.pid)


def run_and_note(self: Any) -> None:
    """Body of every Lava process: a failure is written down before Lava swallows it."""
    try:
        super(SystemProcess, self).run()
    except Exception:
        note_failure(Path(), traceback.format_exc())
        raise


def replace_models(path: str) -> None:
    """Load process models from another file of the same names."""
    spec = importlib.util.spec_from_file_location(f"{__package__}.replaced", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    for process, model in OWN_MODELS.items():
        if hasattr(module, model):
            network.models[getattr(module, process)] = [getattr(module, model)]
            setattr(network, process, getattr(module, process))
