"""The user's own network: ``--module package.module:factory`` builds it, the ``.pt`` holds its state dict."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from torch import nn

from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.frontends.checkpoint import load_state, read_torch_file
from neurodeploy.frontends.frameworks import missing
from neurodeploy.frontends.playing import copy_of
from neurodeploy.frontends.state_dict import state_for
from neurodeploy.frontends.torch_module import module_network
from neurodeploy.network import InputRange, Network
from neurodeploy.stopping import StopRequested


def load_user_module(
    path: Path, factory: str | None, shape: tuple[int, ...], dt: float, values: InputRange, trust_pickle: bool = False
) -> Network:
    """The Network of a user's module.

    Args:
        path: a checkpoint with the module's state dict.
        factory: ``package.module:function`` that builds the module; without one ``path`` must be a pickled module.
        shape: of the input in one step, without batch and time.
        dt: the length of a step in seconds.
        values: the range of the input.
        trust_pickle: read pickled objects, which runs their code.

    Raises:
        InputError: where the factory cannot be imported or called, or the weights do not fit.
        UnavailableError: where the factory needs a framework that is not installed.
    """
    content = read_torch_file(path, trust_pickle)
    module = content if factory is None else build_user_module(factory)
    if not isinstance(module, nn.Module):
        where, kind = (str(path), "holds") if factory is None else (f"--module {factory}", "returned")
        raise InputError(f"{kind} a {type(module).__name__}, not a module", where, "name a function that builds one")
    if factory is not None:
        module = load_state(module, state_for(module, content, str(path)), str(path))
    return module_network(module, shape, values, dt)


def live_network(module: Any, shape: tuple[int, ...], dt: float, values: InputRange) -> Network:
    """The Network of a module that is at hand, which stays as it is. Raises InputError for any other object."""
    if not isinstance(module, nn.Module):
        kinds = "a path, or a torch.nn.Module"
        raise InputError(f"a {type(module).__name__} is neither a file nor a module", "source", f"give {kinds}")
    return module_network(copy_of(module), shape, values, dt)


def _called(package: str, name: str, owner: int) -> Any:
    """What the factory makes. A copy of this process that it leaves behind ends here: the work is the owner's."""
    try:
        return getattr(importlib.import_module(package), name)()
    finally:
        if os.getpid() != owner:
            os._exit(0)


def build_user_module(factory: str) -> Any:
    """Import and call ``package.module:factory``, also from the working folder. Raises InputError where that fails."""
    package, _, name = factory.partition(":")
    if not package or not name:
        raise InputError(f"{factory!r} is not package.module:factory", "--module", "name a function that builds it")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    owner = os.getpid()
    try:
        with redirect_stdout(sys.stderr):  # standard output is for results
            return _called(package, name, owner)
    except (KeyboardInterrupt, StopRequested):
        raise
    except BaseException as error:  # the user's code may fail in any way
        absent = missing(error)
        if absent is not None:
            name, command = absent
            raise UnavailableError(
                f"{name} is not installed, and it imports it", f"--module {factory}", command
            ) from error
        message = next(iter(str(error).splitlines()), "")
        fault = f"cannot build the network: {type(error).__name__}: {message}".removesuffix(": ")
        raise InputError(
            fault, f"--module {factory}", "check the name, and that it builds without arguments"
        ) from error
