"""The user's own network: ``--module package.module:factory`` builds it, the ``.pt`` holds its state dict."""

from __future__ import annotations

import importlib
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from neurodeploy.errors import InputError
from neurodeploy.frontends.checkpoint import load_state, read_torch_file
from neurodeploy.frontends.torch_chain import chain_network, check_forward, run_chain
from neurodeploy.network import InputRange, Network, Source


def load_user_module(
    path: Path, factory: str | None, shape: tuple[int, ...], dt: float, values: InputRange, trust_pickle: bool = False
) -> Network:
    """The Network of a user's chain of layers. Without a ``factory`` the file must be a trusted pickled module.

    Raises InputError where the factory cannot be imported or called, or the weights do not fit.
    """
    content = read_torch_file(path, trust_pickle)
    module = content if factory is None else build_user_module(factory)
    if not isinstance(module, nn.Module):
        where, kind = (str(path), "holds") if factory is None else (f"--module {factory}", "returned")
        raise InputError(f"{kind} a {type(module).__name__}, not a module", where, "name a function that builds one")
    if factory is not None:
        state = content.state_dict() if isinstance(content, nn.Module) else content
        state = state["state_dict"] if isinstance(state, dict) and "state_dict" in state else state
        module = load_state(module, state, str(path))
    module = module.eval()
    network = chain_network(module, shape, values, dt)
    check_forward(module, shape)
    return replace(network, source=Source(type(module).__name__, lambda stimulus: run_chain(module, stimulus)))


def build_user_module(factory: str) -> Any:
    """Import and call ``package.module:factory``; the working folder is importable."""
    package, _, name = factory.partition(":")
    if not package or not name:
        raise InputError(f"{factory!r} is not package.module:factory", "--module", "name a function that builds it")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        with redirect_stdout(sys.stderr):  # standard output is for results
            return getattr(importlib.import_module(package), name)()
    except (Exception, SystemExit) as error:  # the user's code may fail in any way
        what = f"cannot build the network: {type(error).__name__}: {error}"
        raise InputError(what, f"--module {factory}", "check the name, and that it builds without arguments") from error
