"""A network as a file of another kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurodeploy.errors import InputError
from neurodeploy.frontends.lava_dl.write import write_net
from neurodeploy.network.file import write_network
from neurodeploy.network.network import Network

WRITERS: dict[str, Callable[[Network, Path], None]] = {".nir": write_network, ".net": write_net}


def convert(network: Network, out: str | Path) -> None:
    """Write ``network`` as the suffix of ``out`` says: a ``.nir`` with its contract, or a ``.net`` for lava-dl.

    Raises InputError for another suffix, RefusedError for what the file cannot say.
    """
    writer_of(Path(out))(network, Path(out))


def writer_of(out: Path) -> Callable[[Network, Path], None]:
    """What writes files of that suffix. Raises InputError."""
    if out.suffix not in WRITERS:
        problem = f"cannot write {out.suffix or 'a file without suffix'}"
        raise InputError(problem, str(out), f"name a file that ends in {' or '.join(WRITERS)}")
    return WRITERS[out.suffix]
