"""``import_back.py FRAMEWORK FOLDER``: the files in a folder through a framework's own importer, and run there.

Leaves ``FRAMEWORK.npz`` with the output's spikes ``(B, T, *shape)`` by file, and ``FRAMEWORK.json`` with the errors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nir
import numpy as np
from book import first_words


def stepped(call: Any, x: Any) -> Any:
    """``call`` of a frame and a state, over all steps; gives what it sent."""
    import torch

    state, sent = None, []
    with torch.no_grad():
        for frame in torch.tensor(x).unbind(1):
            out, state = call(frame, state)
            sent.append(out.detach().numpy().copy())
    return np.stack(sent, 1)


def norse(path: Path, dt: float, x: Any) -> Any:
    from norse.torch.utils.import_nir import from_nir

    return stepped(from_nir(nir.read(path), dt=dt), x)


def snntorch(path: Path, _dt: float, x: Any) -> Any:
    from snntorch.import_nir import import_from_nir

    return stepped(import_from_nir(nir.read(path)), x)


def spikingjelly(path: Path, dt: float, x: Any) -> Any:
    from spikingjelly.activation_based.nir_exchange.from_nir import import_from_nir

    return stepped(import_from_nir(str(path), dt=dt), x)


def sinabs(path: Path, _dt: float, x: Any) -> Any:
    import torch
    from sinabs.nir import from_nir

    made = from_nir(nir.read(path), batch_size=len(x))
    with torch.no_grad():
        out = made(torch.tensor(x).flatten(0, 1))
    return tensor(out).numpy().reshape(*x.shape[:2], -1)


def rockpool(path: Path, _dt: float, x: Any) -> Any:
    import torch
    from rockpool.nn.modules.torch.nir import from_nir

    with torch.no_grad():
        return tensor(from_nir(nir.read(path))(torch.tensor(x))).numpy()


def spyx(path: Path, dt: float, x: Any) -> Any:
    from spyx.nir import from_nir

    frames = np.moveaxis(x, 2, -1) if x.ndim == 5 else x
    _, sent = from_nir(nir.read(path), frames.swapaxes(0, 1), dt=dt)
    sent = np.asarray(sent).swapaxes(0, 1)
    return np.moveaxis(sent, -1, 2) if sent.ndim == 5 else sent


def tensor(out: Any) -> Any:
    """The tensor in what a call gave, which may be a tuple of it and states."""
    while isinstance(out, tuple):
        out = out[0]
    return out


def main() -> None:
    framework, folder = sys.argv[1], Path(sys.argv[2])
    run = {each.__name__: each for each in (norse, snntorch, spikingjelly, sinabs, rockpool, spyx)}[framework]
    sent, errors = {}, {}
    for name, dt in json.loads((folder / "steps.json").read_text()).items():
        try:
            sent[name] = np.asarray(run(folder / f"{name}.nir", dt, np.load(folder / f"{name}.npy")))
        except Exception as error:
            errors[name] = first_words(error)
    np.savez(folder / f"{framework}.npz", **sent)
    (folder / f"{framework}.json").write_text(json.dumps(errors))


main()
