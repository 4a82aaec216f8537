"""A network as a file of another kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from neurodeploy.errors import InputError
from neurodeploy.flow.arguments import LoadOptions, spell_out
from neurodeploy.flow.loading import load, network_from
from neurodeploy.flow.outputs import check_apart
from neurodeploy.frontends.lava_dl.write import write_net
from neurodeploy.network.file import write_network
from neurodeploy.network.network import Network

WRITERS: dict[str, Callable[[Network, Path], None]] = {".nir": write_network, ".net": write_net}


@spell_out(load)
def convert(source: Network | str | Path, out: str | Path, **loading: Unpack[LoadOptions]) -> Network:
    """Write a network as another file, and return it.

    Args:
        source: a Network, or what ``load`` takes together with the arguments of ``load``.
        out: a ``.nir``, which carries its contract, or a ``.net`` for lava-dl.

    Raises:
        InputError: for another suffix. RefusedError: for what such a file cannot say. Also what ``load`` raises.

    Example:
        >>> nd.convert("model.pt", "model.nir")
    """
    path = Path(out)
    if path.suffix not in WRITERS:
        problem = f"cannot write {path.suffix or 'a file without suffix'}"
        raise InputError(problem, str(path), f"name a file that ends in {' or '.join(WRITERS)}")
    check_apart((path,), {"source": source, **loading})
    network = network_from(source, **loading)
    WRITERS[path.suffix](network, path)
    return network
