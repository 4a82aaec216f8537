"""spyx: IF, LIF, CuBaLIF and their recurrent forms, exported by ``spyx.nir``. Every layer sends one step late.

CuBaLIF behind a convolution does not run in spyx 1.0.0: its ``initial_state`` doubles height and width too.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import spyx.nir
from book import Book, folder
from flax import nnx
from nets import SHAPES, Layer, Net, nets
from spyx import nn

PROFILE = "spyx-1.0"


def last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Channels last, as spyx counts."""
    return (*shape[1:], shape[0])


def neuron(net: Net, kind: str, layer: Layer, index: int) -> Any:
    shape, rngs = last(layer.shape) if len(layer.shape) == 3 else layer.shape, nnx.Rngs(0)
    beta, alpha = net.decays(shape, 0.625, index), net.decays(shape, 0.5, index + 7)
    threshold = 3.0 if kind == "cuba" else 1.5
    looped = layer.recurrent is not None
    make = {
        "if": (nn.IF, nn.RIF),
        "lif": (nn.LIF, nn.RLIF),
        "cuba": (nn.CuBaLIF, nn.RCuBaLIF),
        "psu": (nn.PSU_LIF,) * 2,
    }
    made = make[kind][looped](shape, threshold=threshold, rngs=rngs)
    if kind != "if":
        made.beta[...] = jnp.array(beta)
    if kind == "cuba":
        made.alpha[...] = jnp.array(alpha)
    if looped:
        made.recurrent_w[...] = jnp.array(layer.recurrent.T)
    return made


def modules(net: Net, kind: str) -> list[Any]:
    """Weights as spyx orders them: behind a Flatten, height, width, channel."""
    made: list[Any] = []
    for index, layer in enumerate(net.layers):
        weight = layer.weight
        if layer.flatten:
            c, h, w = net.layers[index - 1].shape
            weight = weight.reshape(-1, c, h, w).transpose(0, 2, 3, 1).reshape(weight.shape)
            made.append(nn.Flatten())
        made += [nn.SumPool((2, 2), (2, 2), "VALID")] if layer.pool else []
        if layer.conv:
            out, into = weight.shape[:2]
            step = (layer.stride, layer.stride)
            dense: Any = nnx.Conv(into, out, (3, 3), step, padding=((1, 1), (1, 1)), rngs=nnx.Rngs(0))
            dense.kernel[...] = jnp.array(weight.transpose(2, 3, 1, 0))
        else:
            dense = nnx.Linear(weight.shape[1], weight.shape[0], rngs=nnx.Rngs(0))
            dense.kernel[...] = jnp.array(weight.T)
        dense.bias[...] = jnp.array(layer.bias)
        made += [dense, neuron(net, kind, layer, index)]
    return made


def add(book: Book, net: Net, kind: str, **more: Any) -> None:
    made = modules(net, kind)

    def export() -> Any:
        into, out = np.array(SHAPES[net.topology]), np.array(net.layers[-1].shape)
        return spyx.nir.to_nir(nn.Sequential(*made), {"input": into}, {"output": out})

    def run(x: Any) -> list[Any]:
        chain = nn.Sequential(*made)

        def step(state: Any, frame: Any) -> Any:
            sent, after, out = [], [], frame
            for each, old in zip(made, state, strict=True):
                out, new = (each(out), None) if old is None else each(out, old)
                after.append(new)
                sent += [] if old is None else [out]
            return after, sent

        frames = np.moveaxis(x, 2, -1) if x.ndim == 5 else x
        _, sent = jax.lax.scan(step, chain.initial_state(len(x)), jnp.array(frames.swapaxes(0, 1)))
        sent = [np.asarray(each).swapaxes(0, 1) for each in sent]
        return [np.moveaxis(each, -1, 2) if each.ndim == 5 else each for each in sent]

    book.add(net, PROFILE, export, run, **more)


def main() -> None:
    book = Book(folder(), "spyx", "jax", "flax", "nir", "numpy")
    for kind in ("if", "lif", "cuba"):
        for net in nets(kind, "dense", "recurrent", *(["conv"] if kind != "cuba" else [])):
            add(book, net, kind, late=1)
    for net in nets("lif", "flatten", "pool"):
        add(book, net, "lif", late=1)
    book.close()


main()
