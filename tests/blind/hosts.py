"""Small networks of every sort, under two machines' numerics, each lively and the same for the same name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.generator import draw_case, generate
from neurodeploy.conformance.scope import HELD
from neurodeploy.conformance.weights import draw_weights
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus

Host = tuple[Program, Stimulus]
SAMPLES, STEPS = 3, 40
MACHINES = {"loihi2": LOIHI2, "int32": INT32}
HAND = ("dense", "recurrent", "delays", "branches", "conv", "strided", "conv1d", "graded", "once")
NAMES = (
    *(f"{name}/{machine}" for name in HAND for machine in MACHINES),
    *(f"held/{seed}" for seed in (301, 303, 304, 305, 306, 307)),
    *(f"stock/{seed}" for seed in range(311, 314)),
    *(f"drawn/{seed}" for seed in range(321, 327)),
    "digits/loihi2",
)


@cache
def host(name: str) -> Host:
    """The program and what it is shown."""
    sort, rest = name.split("/")
    if sort == "digits":
        return _digits()
    if sort in ("held", "stock"):
        case = generate(int(rest), "held" if sort == "held" else "stock", SAMPLES)
        return case.program, case.stimulus.part(slice(None), slice(0, STEPS))
    if sort == "drawn":
        case = draw_case(Draw(77, int(rest)), replace(HELD, numerics=INT32), int(rest), SAMPLES, STEPS)
        return case.program, case.stimulus
    maker = Maker(MACHINES[rest], Draw(78, HAND.index(sort)))
    return maker.finish(*getattr(maker, sort)())


def _digits() -> Host:
    import torch
    from neurodeploy.models.digits.data import present, split

    from neurodeploy import build_model, load, quantize

    with TemporaryDirectory() as folder:
        path = Path(folder) / "digits.pt"
        build_model("digits", path)
        program = quantize(load(path), LOIHI2).program
    shown = present(torch.as_tensor(split()[1].pixels[:2]), 30).numpy()
    return program, Stimulus({program.inputs[0].name: shown.astype(np.float64)})


class Maker:
    """Networks by hand: each method gives inputs, populations and projections; ``finish`` makes them lively."""

    def __init__(self, numerics: Numerics, draw: Draw) -> None:
        self.n, self.draw = numerics, draw

    def weights(self, *shape: int, sign: str = "mixed") -> np.ndarray:
        return draw_weights(self.draw, shape, sign, 100, 0.8, self.n)  # type: ignore[arg-type]

    def join(self, source: str, target: str, *shape: int, kind: str = "dense", **terms: object) -> Projection:
        return Projection(f"{source}-{target}", source, target, kind, self.weights(*shape), **terms)  # type: ignore[arg-type]

    def neurons(self, name: str, *shape: int, **terms: object) -> Population:
        u, v = self.draw.between(600, 2500), self.draw.between(200, 900)
        bias = self.draw.integers(0, 12 << self.n.state_shift, shape)
        values = {"current_decay": u, "membrane_decay": v, "bias": bias, "reset": "zero"} | terms
        return Population(name, shape, **values)  # type: ignore[arg-type]

    def dense(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("a", 10), self.neurons("b", 8, reset="subtract"), self.neurons("c", 8, compare=">=")]
        joins = [self.join("x", "a", 10, 12), self.join("a", "b", 8, 10), self.join("b", "c", 8, 8)]
        return [Input("x", (12,))], layers, joins

    def recurrent(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("r", 8), self.neurons("s", 6, reset="value", reset_value=-20)]
        joins = [self.join("x", "r", 8, 8), self.join("r", "r", 8, 8, delay=1), self.join("r", "s", 6, 8)]
        joins += [self.join("s", "r", 8, 6, delay=2)]
        return [Input("x", (8,))], layers, joins

    def delays(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("a", 8), self.neurons("b", 8, reset="subtract"), self.neurons("c", 5)]
        joins = [self.join("x", "a", 8, 8, delay=3), self.join("a", "b", 8, 8, delay=5)]
        joins += [self.join("x", "b", 8, 8, delay=9), self.join("b", "c", 5, 8, delay=1)]
        return [Input("x", (8,))], layers, joins

    def branches(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("a", 6), self.neurons("b", 6), self.neurons("c", 6, reset="subtract")]
        joins = [self.join("x", "a", 6, 6), self.join("y", "b", 6, 6), self.join("a", "c", 6, 6)]
        joins += [self.join("b", "c", 6, 6, kind="sparse"), self.join("x", "c", 6, 6, delay=1)]
        return [Input("x", (6,)), Input("y", (6,))], layers, joins

    def conv(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("a", 3, 6, 6), self.neurons("p", 3, 3, 3, bias=0), self.neurons("c", 5)]
        joins = [self.join("x", "a", 3, 2, 3, 3, kind="conv2d", padding=(1, 1)), self.join("p", "c", 5, 27)]
        pool = Projection("a-p", "a", "p", "sum-pool", np.ones((2, 2), np.int64) * 2, stride=(2, 2))
        return [Input("x", (2, 6, 6))], layers, [joins[0], pool, joins[1]]

    def strided(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("a", 4, 5, 5, reset="subtract"), self.neurons("b", 2, 3, 3), self.neurons("c", 5)]
        first = self.join("x", "a", 4, 1, 3, 3, kind="conv2d", stride=(2, 2), padding=(1, 1), groups=2)
        second = self.join("a", "b", 2, 4, 2, 2, kind="conv2d", dilation=(2, 2))
        return [Input("x", (2, 9, 9))], layers, [first, second, self.join("b", "c", 5, 18)]

    def conv1d(self) -> tuple[list[Input], list[Population], list[Projection]]:
        layers = [self.neurons("a", 4, 14), self.neurons("b", 4, 7), self.neurons("c", 5)]
        first = self.join("x", "a", 4, 2, 3, kind="conv1d")
        second = self.join("a", "b", 4, 4, 3, kind="conv1d", stride=(2,), padding=(1,))
        return [Input("x", (2, 14 + 2))], layers, [first, second, self.join("b", "c", 5, 28)]

    def graded(self) -> tuple[list[Input], list[Population], list[Projection]]:
        out = Output("graded", 8, True)
        relay = Population("m", (8,), "relay", shift=6, output=out)
        many = self.neurons("a", 6, reset="subtract", max_spikes_per_step=3, output=Output("count", 2))
        read = self.neurons("z", 4, kind="li", output=Output("graded", self.n.membrane_bits, True))
        joins = [self.join("x", "m", 8, 6, message_bits=5), self.join("m", "a", 6, 8, message_bits=8)]
        joins += [self.join("a", "z", 4, 6, message_bits=2)]
        return [Input("x", (6,), bits=5, signed=True)], [relay, many, read], joins

    def once(self) -> tuple[list[Input], list[Population], list[Projection]]:
        start = self.draw.integers(0, 60 << self.n.state_shift, (8,))
        first = self.neurons("a", 8, initial_membrane=start, floor=-40)
        layers = [first, self.neurons("b", 8, fire_once=True), self.neurons("c", 6, floor=0, ceiling=900)]
        joins = [self.join("x", "a", 8, 8), self.join("a", "b", 8, 8), self.join("a", "c", 6, 8)]
        return [Input("x", (8,))], layers, joins

    def finish(self, inputs: list[Input], layers: list[Population], joins: list[Projection]) -> Host:
        """The program with thresholds at which every layer spikes in about a sixth of its cells."""
        rng = self.draw
        shown = {}
        for node in inputs:
            events = rng.mask(0.25, (SAMPLES, STEPS, *node.shape)).astype(np.float64)
            values = rng.integers(node.output.low, node.output.high, events.shape)
            shown[node.name] = events if node.output.kind == "binary" else events * values
        program = Program(self.n, tuple(inputs), tuple(layers), tuple(joins), (layers[-1].name,))
        stimulus = Stimulus(shown)
        loops = any(join.source == layer.name for join in joins for layer in layers if join.delay)
        for name in (*program.order, *program.order) if loops else program.order:
            program = self.tuned(program, name, stimulus)
        program.ensure_sound()
        return program, stimulus

    def tuned(self, program: Program, name: str, stimulus: Stimulus) -> Program:
        if program.by_name[name].kind != "cuba-lif":
            return program
        grid = np.unique(np.geomspace(20, 4000, 16).astype(int))
        low, high = 0, len(grid) - 1
        while low < high:
            middle = (low + high) // 2
            made = self.with_threshold(program, name, int(grid[middle]))
            loud = float((run_program(made, stimulus)[name].output != 0).mean()) > 0.17
            low, high = (middle + 1, high) if loud else (low, middle)
        return self.with_threshold(program, name, int(grid[low]))

    def with_threshold(self, program: Program, name: str, threshold: int) -> Program:
        changed = [replace(p, threshold=threshold) if p.name == name else p for p in program.populations]
        return replace(program, populations=tuple(changed))
