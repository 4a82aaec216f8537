"""Random tiny programs of extreme numbers under machines of every rule: nothing plausible, everything defined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.stimulus import Stimulus

Rng = np.random.Generator
SIZES = (1, 2, 3, 10, 100, 1 << 12, 1 << 17, 1 << 24, 1 << 31, 1 << 40, 1 << 62)


def pick(rng: Rng, *options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def number(rng: Rng, largest: int = 1 << 62, low: int | None = None) -> int:
    size = pick(rng, *(s for s in SIZES if s <= largest))
    return int(rng.integers(-size if low is None else low, size, endpoint=True))


def numbers(rng: Rng, shape: tuple[int, ...], largest: int, low: int | None = None) -> NDArray[np.int64]:
    size = pick(rng, *(s for s in SIZES if s <= largest))
    return rng.integers(-size if low is None else low, size, shape, endpoint=True)


def machine(rng: Rng) -> Numerics:
    """A known machine, or one of narrow widths, where every rule is met often."""
    if rng.random() < 0.4:
        return pick(rng, LOIHI2, INT32)
    return replace(
        pick(rng, LOIHI2, INT32),
        name="narrow",
        state_shift=pick(rng, 0, 2, 6),
        current_bits=int(rng.integers(4, 30)),
        current_overflow=pick(rng, "wrap", "wrap-once", "saturate"),
        membrane_bits=int(rng.integers(4, 40)),
        wide_bits=int(rng.integers(6, 40)),
        wide_overflow=pick(rng, "wrap", "wrap-once", "saturate"),
        conv_bits=int(rng.integers(4, 40)),
        decay_bits=pick(rng, 3, 12, 15, 20),
    )


def population(rng: Rng, name: str, shape: tuple[int, ...], n: Numerics) -> Population:
    kind = pick(rng, "cuba-lif", "cuba-lif", "cuba-lif", "li", "relay")
    signed = bool(rng.random() < 0.5)

    def parameter(largest: int) -> int | NDArray[np.int64]:
        return number(rng, largest) if rng.random() < 0.6 else numbers(rng, shape, largest)

    def decay() -> int | NDArray[np.int64]:
        one = n.decay_one
        one_value = pick(rng, 0, one, one // 2, 1, one - 1, int(rng.integers(0, one)), number(rng, 1 << 24))
        return one_value if rng.random() < 0.7 else rng.integers(0, one, shape, endpoint=True)

    made = Population(name, shape, kind, 0, decay(), decay(), parameter(pick(rng, 10, 1 << 17, 1 << 40)))
    return replace(
        made,
        bias=pick(rng, 0, parameter(1 << 12), parameter(1 << 62)),
        compare=pick(rng, ">", ">="),
        reset=pick(rng, "zero", "value", "subtract", "none"),
        reset_value=number(rng, 1 << 40),
        every_step=bool(rng.random() < 0.15),
        floor=number(rng, 1 << 31) if rng.random() < 0.2 else None,
        ceiling=number(rng, 1 << 31) if rng.random() < 0.2 else None,
        fire_once=bool(rng.random() < 0.2),
        max_spikes_per_step=pick(rng, 1, 1, 2, 7, 300, 1 << 40, 0),
        initial_membrane=pick(rng, 0, parameter(1 << 62)),
        initial_current=pick(rng, 0, parameter(1 << 62)),
        shift=int(pick(rng, 0, 1, 4, -3, 31, 63, 64, 70, -64)),
        output=Output("graded", pick(rng, 4, 16, 33), signed) if kind != "cuba-lif" else Output(),
    )


def fitting(n: int, m: int) -> list[tuple[int, int, int, int]]:
    """Every kernel, stride, padding and dilation of one axis that makes ``m`` outputs of ``n`` inputs."""
    return [
        (k, s, p, d)
        for k in (1, 2, 3)
        for s in (1, 2, 3)
        for p in (0, 1, 2)
        for d in (1, 2)
        if n + 2 * p >= d * (k - 1) + 1 and (n + 2 * p - d * (k - 1) - 1) // s + 1 == m
    ]


def window(rng: Rng, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], dict[str, Any]] | None:
    """The kernel of a window from maps ``a`` to maps ``b``, with its options; None where none fits."""
    axes = [fitting(n, m) for n, m in zip(a[1:], b[1:], strict=True)]
    if not all(axes):
        return None
    kernel, *rest = (tuple(column) for column in zip(*(pick(rng, *axis) for axis in axes), strict=True))
    return kernel, dict(zip(("stride", "padding", "dilation"), rest, strict=True))


def projection(rng: Rng, source: str, target: str, a: tuple[int, ...], b: tuple[int, ...], delay: int) -> Projection:
    """Joins populations of shapes ``(C, H, W)``, ``(C, L)`` or ``(N,)``: a window where one fits, else a matrix."""
    largest = pick(rng, 10, 300, 1 << 17, 1 << 31, 1 << 62)
    kinds = {1: ("sparse",), 2: ("conv1d", "conv1d"), 3: ("conv2d", "conv2d", "sum-pool")}[len(a)]
    kind = pick(rng, "dense", *kinds)
    kind = "conv2d" if kind == "sum-pool" and a[0] != b[0] else kind
    found = window(rng, a, b) if kind in ("conv1d", "conv2d", "sum-pool") else None
    options: dict[str, Any] = {}
    if found is None:
        kind = kind if kind == "sparse" else "dense"
        shape: tuple[int, ...] = int(np.prod(b)), int(np.prod(a))
    else:
        kernel, options = found
        shape = kernel
        if kind != "sum-pool":
            groups = int(pick(rng, 1, *(g for g in (2, 3, 4) if a[0] % g == 0 and b[0] % g == 0)))
            options, shape = {**options, "groups": groups}, (b[0], a[0] // groups, *kernel)
    weights = numbers(rng, shape, largest) * (rng.random(shape) < 0.6)
    shift = int(pick(rng, 0, 0, 2, -2, 7, -9, 31, 40, -70) if found is None else pick(rng, 0, 0, 3, 9, -2))
    bits = int(pick(rng, 1, 8))
    return Projection(f"{source}-{target}-{delay}", source, target, kind, weights, shift, delay, bits, **options)


def shape_after(rng: Rng, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The same shape, or one that a window could lead to."""
    if len(shape) == 1 or rng.random() < 0.4:
        return shape
    space = tuple(int(pick(rng, n, (n + 1) // 2, max(1, n - 2))) for n in shape[1:])
    return int(pick(rng, shape[0], 2, 3, 4)), *space


def program(seed: int) -> Program:
    """Two or three populations in a chain, with shortcuts, loops and delays."""
    rng = np.random.default_rng(seed)
    n = machine(rng)
    shape = pick(rng, (5,), (2, 6), (4, 7), (2, 4, 3), (4, 5, 4))
    bits = pick(rng, 1, 4, 16, 33)
    inputs = (Input("in", shape, 0, bits, signed=bool(bits > 1 and rng.random() < 0.5)),)
    shapes = {"in": shape}
    populations: list[Population] = []
    projections: list[Projection] = []
    for name in ("a */ b", "é-2", "int")[: int(rng.integers(1, 4))]:
        own = shape = shape_after(rng, shape)
        populations.append(population(rng, name, own, n))
        for source in [s for s in shapes if rng.random() < 0.7]:
            for _ in range(pick(rng, 1, 1, 2)):
                delay = pick(rng, 0, 0, 1, 4)
                projections.append(projection(rng, source, name, shapes[source], own, delay))
        shapes[name] = own
        for target in populations:
            if rng.random() < 0.3:
                projections.append(projection(rng, name, target.name, own, target.shape, pick(rng, 1, 3)))
    renamed = [replace(each, name=f"{k}") for k, each in enumerate(projections)]
    return Program(n, inputs, tuple(populations), tuple(renamed), (populations[-1].name,))


def stimulus(seed: int, made: Program, samples: int = 2, steps: int = 12) -> Stimulus:
    rng = np.random.default_rng((seed, 1))
    each = made.inputs[0]
    values = rng.integers(each.output.low, each.output.high, (samples, steps, *each.shape), endpoint=True)
    return Stimulus({each.name: (values * (rng.random(values.shape) < 0.5)).astype(np.float64)})
