"""Checkpoints: ``{"model", "config", "state_dict"}``, data only.

``model`` resolves through the registered reference networks; nothing in the file is executed.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn
from torch.torch_version import TorchVersion

from neurodeploy.atomic import write_file
from neurodeploy.errors import InputError
from neurodeploy.frontends.torch_module import module_network
from neurodeploy.integers import counts
from neurodeploy.model import Config, ReferenceModel, find_model
from neurodeploy.network import InputRange, Network, Source
from neurodeploy.network.network import is_junction
from neurodeploy.reading import allowance, check_regular, open_archive
from neurodeploy.reading.archive import DAMAGED_ARCHIVE
from neurodeploy.reading.door import too_large
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Entry, Trace

Arrays = Mapping[str, NDArray[Any]]
REMEDY = 'save a dict: torch.save({"model": NAME, "config": {...}, "state_dict": module.state_dict()}, path)'


def save_checkpoint(model: ReferenceModel, config: Config, module: Any, path: Path) -> None:
    """Write a checkpoint atomically."""
    content = {"model": model.name, "config": dict(config), "state_dict": module.state_dict()}
    data = io.BytesIO()  # written to a file, torch would report a full disk as an error of no certain type
    torch.save(content, data)
    write_file(path, lambda handle: handle.write(data.getbuffer()))


def read_torch_file(path: Path, trust_pickle: bool = False) -> Any:
    """The content of a ``.pt`` file, read as data.

    Raises InputError for a missing or damaged file, and for pickled objects unless ``trust_pickle``.
    """
    status = check_regular(path)
    if status.st_size > allowance(status):
        raise too_large(status.st_size, allowance(status), str(path))
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if _is_torchscript(path):
        fault = "is a TorchScript module, which does not show what its layers do"
        raise InputError(fault, str(path), "save the state dict of the module that it was made from")
    try:
        with torch.serialization.safe_globals([TorchVersion]):  # a string that Lightning and others write
            return torch.load(path, map_location="cpu", weights_only=not trust_pickle)
    except pickle.UnpicklingError as error:
        if not zipfile.is_zipfile(path) and "Unsupported global" not in str(error):
            raise InputError("damaged, or not a PyTorch file", str(path), "save it again") from error
        raise InputError(
            "holds pickled Python objects, which run code when they are loaded",
            str(path),
            f"{REMEDY}; or, for a file you trust, add --trust-pickle",
        ) from error
    except Exception as error:  # torch raises many types for damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"damaged, or not a PyTorch file: {reason}", str(path), "save it again") from error


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise InputError(f"damaged, or not a safetensors file: {error}", str(path), "save it again") from error


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    try:
        with open_archive(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except DAMAGED_ARCHIVE as error:
        raise InputError(f"damaged, or not a PyTorch file: {error}", str(path), "save it again") from error


def load_checkpoint(path: Path) -> Network:
    """The Network of a reference network's checkpoint; its module remains at hand as ``source``.

    Raises InputError for any other file.
    """
    content = read_torch_file(path)
    if not isinstance(content, dict) or not {"model", "config", "state_dict"} <= content.keys():
        raise InputError(
            "is not a checkpoint of a registered model: it lacks model, config or state_dict",
            str(path),
            f"{REMEDY}; or name your own network: --module package.module:factory --input-shape C,H,W",
        )
    model, config = find_model(str(content["model"]), str(path)), content["config"]
    with _checking_config(model, str(path)):
        module: nn.Module = model.build(config)
    module = load_state(module, content["state_dict"], str(path))
    with _checking_config(model, str(path)):
        return model_network(model, config, module)


@contextmanager
def _checking_config(model: ReferenceModel, where: str) -> Generator[None]:
    """Raises InputError where building from a configuration fails, as it lacks something or is none."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = f"its config does not describe a {model.name}: {type(error).__name__}: {error}"
        raise InputError(reason, where, f"build it again: neurodeploy models build {model.name}") from error


def load_state(module: nn.Module, state: Any, where: str) -> nn.Module:
    """Put a state dict into ``module`` strictly. Raises InputError with torch's own list of what does not fit."""
    try:
        module.load_state_dict(state)
    except Exception as error:  # every layer may read it in its own way
        raise InputError(f"its weights do not fit the network: {error}", where, "give the matching weights") from error
    tensors = {name: value for name, value in module.state_dict().items() if isinstance(value, torch.Tensor)}
    if any(value.is_meta for value in tensors.values()):
        raise InputError("its weights are on the device meta, without values", where, "build the network on the CPU")
    floating = {name: value for name, value in tensors.items() if value.is_floating_point()}
    bad = [name for name, value in floating.items() if not bool(value.isfinite().all())]
    if bad:
        raise InputError(f"{bad[0]} holds NaN or infinity ({len(bad)} such tensors)", where, "train again or repair it")
    return module.eval()


def model_network(model: ReferenceModel, config: Config, module: nn.Module) -> Network:
    """The Network of a reference model, with its module and stimulus maker as source."""
    limits = config["input"]
    values = InputRange(float(limits["low"]), float(limits["high"]), limits.get("grid"), declared=True)
    if model.network is not None:
        network = model.network(module, config)
    else:
        network = module_network(module, tuple(limits["shape"]), values, float(limits["dt"]), model.host)

    def run_model(stimulus: Arrays) -> Trace:
        assert model.run is not None
        return _source_trace(network, model.run(module, config, stimulus))

    run_as_traced = None if network.source is None else network.source.run
    run = run_as_traced if model.run is None else run_model

    def stimulus(steps: int | None, samples: int | None, seed: int) -> Stimulus:
        return model.stimulus(config, steps, samples, seed)

    def check_stimulus(steps: int | None, samples: int | None, seed: int) -> Stimulus:
        assert model.check_stimulus is not None
        return model.check_stimulus(config, steps, samples, seed)

    checking = None if model.check_stimulus is None else check_stimulus
    return replace(network, source=Source(model.name, run, stimulus, checking))


def _source_trace(network: Network, nodes: Arrays) -> Trace:
    """The module's own recordings as a Trace over the network's nodes."""
    entries = {name: Entry(nodes[name], graded=not network.input_range(name).binary) for name in network.input_names}
    for name in network.populations:
        graded = is_junction(network.nodes[name])
        entries[name] = Entry(nodes[name] if graded else counts(nodes[name]), graded)
    return Trace(entries, {"rung": "source"})
