"""What a user names as SOURCE, as a Network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.finding import RANGE_ASSUMED, Finding
from neurodeploy.flow.arguments import LoadOptions
from neurodeploy.frontends.lava_dl.load import load_net
from neurodeploy.frontends.nir_file import load_nir, profile_contract, read_contract
from neurodeploy.frontends.torch_extra import need_torch
from neurodeploy.network.network import InputRange, Network

DECLARE = "declare them: --input-range LO,HI or LO,HI,STEP, such as 0,15,1 for counts"
TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".tar", ".bin", ".safetensors")


def load(
    source: str | Path | Any,
    *,
    profile: str | None = None,
    contract: str | Path | Contract | None = None,
    module: str | None = None,
    input_shape: tuple[int, ...] | None = None,
    input_range: InputRange | Sequence[float] | None = None,
    dt: float | None = None,
    trust_pickle: bool = False,
) -> Network:
    """The float network of a file or of a live module, with the contract under which it is stepped.

    Args:
        source: a checkpoint (``.pt``), a ``.nir``, a lava-dl ``.net``, a live ``torch.nn.Module``, or the state dict
            of your own network (``.pt``, with ``module``).
        profile: who wrote a ``.nir`` that does not say how it is stepped: ``"norse-1.1"``, ``"snntorch-1.0"``, or
            ``"nir,dt=1e-3"``, with terms that differ after commas.
        contract: the same as a Contract, or as a JSON file of one.
        module: ``"package.module:factory"``, the function that builds your own network.
        input_shape: of your own network's input, without batch and time: ``(channels, height, width)``.
        input_range: the values that inputs take: ``(low, high)`` or ``(low, high, step)``. Without it, what the file
            declares, else binary spikes.
        dt: its time step in seconds, 1e-3 by default.
        trust_pickle: load a pickled module, which runs code from the file.

    Raises:
        InputError: for a file that cannot be read, and for options that do not belong to it.
        RefusedError: for a network that cannot be expressed exactly.
        UnavailableError: where torch is needed and missing.

    Example:
        >>> network = nd.load("model.nir", profile="norse-1.1")
    """
    values = _declared(input_range)
    if not isinstance(source, str | Path):
        _none_of({"profile": profile, "contract": contract, "module": module}, "a live module says itself what it is")
        return _with_assumed_range(_live_module(source, input_shape, values, dt), values)
    path = Path(source)
    stated = stated_contract(profile, contract)
    how_built = {"--module": module, "--input-shape": input_shape, "--dt": dt}
    if path.suffix in TORCH_SUFFIXES or (module is not None and path.suffix not in (".nir", ".net")):
        _none_of({"--profile": profile, "--contract": contract}, "a PyTorch source says itself how it is stepped")
        if module is None and not trust_pickle:
            _none_of(how_built, "a checkpoint says itself what it is; this describes your own network, with --module")
            return _with_range(_checkpoint(path), values)
        return _with_assumed_range(_user_module(path, module, input_shape, values, dt, trust_pickle), values)
    if path.suffix == ".nir":
        _none_of({**how_built, "--trust-pickle": trust_pickle or None}, "this is for a PyTorch source (.pt)")
        declares = _with_range if stated is None and profile is None else _with_assumed_range
        return declares(load_nir(path, stated, profile), values)
    if path.suffix == ".net":
        others = {key: value for key, value in how_built.items() if key != "--input-shape"}
        _none_of({**others, "--trust-pickle": trust_pickle or None}, "this is for a PyTorch source (.pt)")
        _none_of({"--contract": contract}, "a .net is stepped as SLAYER does; --profile lava-dl-0.6,key=value differs")
        return _with_range(load_net(path, profile, input_shape), values)
    raise _no_model(path)


def _no_model(path: Path) -> InputError:
    if not path.exists():
        return InputError("there is no such file", str(path), "check the path")
    if path.is_dir():
        return InputError("is no bundle: there is no manifest.json", str(path), "name a bundle or a model's file")
    kinds = "a checkpoint (.pt), a .nir or a lava-dl .net file"
    return InputError(f"is not a model: {path.suffix or 'no suffix'} is unknown", str(path), f"give {kinds}")


def network_from(source: Network | str | Path | Any, **loading: Unpack[LoadOptions]) -> Network:
    """A Network as it is, or the one that ``load`` makes of ``source``."""
    if isinstance(source, Network):
        no_loading("a Network", loading)
        return source
    return load(source, **loading)


def no_loading(subject: str, loading: LoadOptions) -> None:
    """Raises InputError for arguments of ``load`` where ``subject`` is loaded already."""
    for name, value in loading.items():
        if value not in (None, False):
            option, remedy = f"--{name.replace('_', '-')}", "leave out the option, or give the source"
            raise InputError(f"{subject} says itself how it is stepped", option, remedy)


def _declared(values: InputRange | Sequence[float] | None) -> InputRange | None:
    """An input range from ``(low, high)`` or ``(low, high, step)``. Raises InputError."""
    if values is None or isinstance(values, InputRange):
        return values
    if len(values) not in (2, 3):
        raise InputError(
            f"{tuple(values)} is no range", "--input-range", "give low and high, and the step if it has one"
        )
    return InputRange(values[0], values[1], values[2] if len(values) == 3 else None, declared=True)


def _with_range(network: Network, values: InputRange | None) -> Network:
    """``network`` whose inputs take these values."""
    return network if values is None else replace(network, inputs=dict.fromkeys(network.input_names, values))


def _with_assumed_range(network: Network, values: InputRange | None) -> Network:
    """``network`` whose inputs take these values; where none are given, the first finding says what is assumed."""
    if values is not None:
        return _with_range(network, values)
    findings: list[Finding] = []
    for name in network.input_names:
        taken = network.input_range(name)
        if not taken.declared and network.host.pre is None:
            kind = "spikes (0 or 1)" if taken.binary else f"any values from {taken.low:g} to {taken.high:g}"
            message = f"nothing says which values it takes: {kind} were assumed"
            findings.append(
                Finding(RANGE_ASSUMED, "warning", name, message, DECLARE, "other values are rounded to these")
            )
    return replace(network, findings=(*findings, *network.findings)) if findings else network


def _none_of(options: Mapping[str, object], why: str) -> None:
    for option, value in options.items():
        if value is not None:
            raise InputError(why, option, "leave out the option")


def stated_contract(profile: str | None, contract: str | Path | Contract | None) -> Contract | None:
    """The contract given by itself; a profile is only checked. Raises InputError for both, or a bad one."""
    if profile is not None and contract is not None:
        raise InputError("a profile and a contract were both given", "--contract", "give one of them")
    if profile is not None:
        profile_contract(profile)
        return None
    return contract if contract is None or isinstance(contract, Contract) else read_contract(Path(contract))


def _checkpoint(path: Path) -> Network:
    need_torch()
    from neurodeploy.frontends.checkpoint import load_checkpoint

    return load_checkpoint(path)


def _live_module(module: Any, shape: tuple[int, ...] | None, values: InputRange | None, dt: float | None) -> Network:
    need_torch()
    from neurodeploy.frontends.user_module import live_network

    return live_network(module, _known(shape, "the module"), 1e-3 if dt is None else dt, values or InputRange())


def _known(shape: tuple[int, ...] | None, where: str) -> tuple[int, ...]:
    if shape is None:
        raise InputError("the shape of its input is not known", where, "add --input-shape, e.g. 2,64,64")
    return shape


def _user_module(
    path: Path,
    module: str | None,
    shape: tuple[int, ...] | None,
    values: InputRange | None,
    dt: float | None,
    trust_pickle: bool,
) -> Network:
    need_torch()
    from neurodeploy.frontends.user_module import load_user_module

    shape = _known(shape, str(path))
    return load_user_module(path, module, shape, 1e-3 if dt is None else dt, values or InputRange(), trust_pickle)
