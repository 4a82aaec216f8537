"""A machine that runs a Program as the reference does, with one place after another where it may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodeploy.evidence import INDEPENDENT
from neurodeploy.program.population import IntArray, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference import integer
from neurodeploy.reference.integer import State, Step, initial_state, overflow
from neurodeploy.reference.synapse import accumulate
from neurodeploy.trace import Entry, Trace

Hook = Callable[..., Any]
HOOKS = ("shown", "message", "deliver", "total", "start", "update", "send", "told")


class Machine:
    """Runs ``program`` sample after sample; every hook gets the machine first and may ask for what is right.

    - ``shown(m, name, values)``: what an input's decoder makes of ``(1, T, *shape)`` integers of one sample.
    - ``message(m, projection)``: what arrives at the synapses in step ``m.t``: ``(1, *source shape)``.
    - ``deliver(m, projection, message)``: what that adds to the target. ``total(m, population, parts)``: their sum.
    - ``start(m, population, left)``: the state before a sample; ``left``: what the sample before it left, or None.
    - ``update(m, population, state, a)``: one step. ``send(m, population, output)``: what goes out on the line.
    - ``told(m, name, record)``: what is read back of a sample: arrays ``(1, T, *shape)`` by output, v and u.

    ``keeps``: messages under way are not cleared between samples.
    """

    def __init__(self, program: Program, keeps: bool = False, **hooks: Hook) -> None:
        unknown = hooks.keys() - set(HOOKS)
        assert not unknown, unknown
        self.program, self.numerics, self.keeps, self.hooks = program, program.numerics, keeps, hooks
        self.sample, self.t, self.steps = 0, 0, 0
        self.lines: dict[str, IntArray] = {}
        self.before: dict[str, IntArray] = {}
        self.memory: dict[Any, Any] = {}

    def run(self, stimulus: Mapping[str, Any], states: bool = False, drive: Trace | None = None) -> Trace:
        """As ``run_program``, sample by sample."""
        sent = quantize_inputs(self.program, stimulus)
        self.before, self.memory = {}, {}
        batch = next(iter(sent.values())).shape[0]
        left: dict[str, State] = {}
        records: list[dict[str, dict[str, IntArray]]] = []
        for self.sample in range(batch):
            ours = {name: array[self.sample : self.sample + 1] for name, array in sent.items()}
            fed = None
            if drive is not None:
                names = [*sent, *self.program.by_name]
                fed = {n: drive[n].output[self.sample : self.sample + 1].astype(np.int64) for n in names}
            records.append(self._sample(ours, fed, left))
        return self._trace(records, states)

    def _sample(
        self, shown: dict[str, IntArray], fed: dict[str, IntArray] | None, left: dict[str, State]
    ) -> dict[str, dict[str, IntArray]]:
        program = self.program
        self.steps = next(iter(shown.values())).shape[1]
        real = shown if fed is None else {name: fed[name] for name in shown}
        lines = {name: self._call("shown", name, values) for name, values in real.items()}
        own = {p.name: np.zeros((1, self.steps, *p.shape), np.int64) for p in program.populations}
        self.lines = lines | (own if fed is None else {name: fed[name] for name in own})
        record = {name: {"output": values.copy()} for name, values in shown.items()}
        for p in program.populations:
            record[p.name] = {key: np.zeros_like(own[p.name]) for key in ("output", "v", "u", "v_before")}
        state = {p.name: self._call("start", p, left.get(p.name)) for p in program.populations}
        for t in range(self.steps):
            self.t = t
            for p in map(program.by_name.__getitem__, program.order):
                parts = [(q, self._call("deliver", q, self._call("message", q))) for q in program.into(p.name)]
                result = self._call("update", p, state[p.name], self._call("total", p, parts))
                own[p.name][:, self.t] = out = self._call("send", p, result.output)
                values = out, state[p.name].v, state[p.name].u, result.v_before
                for key, value in zip(("output", "v", "u", "v_before"), values, strict=True):
                    record[p.name][key][:, self.t] = value
        left |= state
        self.before = dict(self.lines)
        return {name: self._call("told", name, entry) for name, entry in record.items()}

    def _call(self, hook: str, *arguments: Any) -> Any:
        return self.hooks[hook](self, *arguments) if hook in self.hooks else getattr(self, hook)(*arguments)

    def shown(self, name: str, values: IntArray) -> IntArray:
        return values

    def line(self, name: str, t: int) -> IntArray:
        """What a node sent in step ``t``; before the first one nothing, or what the sample before left."""
        if t >= 0:
            return self.lines[name][:, t]
        if self.keeps and name in self.before and t >= -self.steps:
            return self.before[name][:, t]
        return np.zeros_like(self.lines[name][:, 0])

    def message(self, projection: Projection) -> IntArray:
        return self.line(projection.source, self.t - projection.delay)

    def deliver(self, projection: Projection, message: IntArray) -> IntArray:
        return accumulate(projection, message, self.program.by_name[projection.target].shape, self.numerics)

    def total(self, population: Population, parts: list[tuple[Projection, IntArray]]) -> IntArray:
        total = np.zeros((1, *population.shape), np.int64)
        for _, part in parts:
            total = total + part
        return overflow(total, self.numerics.wide_bits, self.numerics.wide_overflow)

    def start(self, population: Population, left: State | None) -> State:
        return initial_state(population, 1)

    def update(self, population: Population, state: State, a: IntArray) -> Step:
        return integer.step(population, state, a, self.numerics)

    def send(self, population: Population, output: IntArray) -> IntArray:
        return output

    def told(self, name: str, record: dict[str, IntArray]) -> dict[str, IntArray]:
        return record

    def _trace(self, records: list[dict[str, dict[str, IntArray]]], states: bool) -> Trace:
        entries: dict[str, Entry] = {}
        for node in (*self.program.inputs, *self.program.populations):
            arrays = {key: np.concatenate([r[node.name][key] for r in records]) for key in records[0][node.name]}
            graded = node.output.kind == "graded"
            if not isinstance(node, Population):
                entries[node.name] = Entry(arrays["output"], graded, node.scale)
                continue
            shift = 0 if node.kind == "relay" else self.numerics.state_shift
            kept = {"v": arrays["v"], "u": arrays["u"]} if states and node.kind != "relay" else {}
            entries[node.name] = Entry(
                arrays["output"],
                graded,
                node.output.scale,
                **kept,
                state_scale=node.scale + shift,
                state_unit=node.unit,
            )
        return Trace(entries, {"rung": "blind"}, INDEPENDENT)


@dataclass(frozen=True)
class Fault:
    """One machine that is wrong: where, and in plain words how."""

    kind: str
    node: str
    words: str
    machine: Callable[[], Machine]


def neuron(
    decay_u: Hook = integer.decay,
    decay_v: Hook = integer.decay,
    current: Hook | None = None,
    membrane: Hook | None = None,
    clamp: Hook = integer.clamp,
    spikes: Hook = integer.count_spikes,
    reset: Hook = integer.reset,
) -> Hook:
    """A step of a spiking population or integrator, part by part, as an engineer writes it into a simulator.

    ``current(u decayed, a << shift)`` and ``membrane(v decayed, u, bias, u before)`` join the terms.
    """

    def step(m: Machine, p: Population, state: State, a: IntArray) -> Step:
        n = m.numerics
        if p.kind == "relay":
            return integer.step(p, state, a, n)
        if p.every_step:
            fresh = initial_state(p, 1)
            state.u, state.v = fresh.u, fresh.v
        drive = overflow(a << n.state_shift, n.wide_bits, n.wide_overflow)
        kept, u0 = decay_u(state.u, p.current_decay, n), state.u
        u = kept + drive if current is None else current(kept, drive)
        state.u = overflow(overflow(u, n.wide_bits, n.wide_overflow), n.current_bits, n.current_overflow)
        kept = decay_v(state.v, p.membrane_decay, n)
        v = kept + state.u + p.bias if membrane is None else membrane(kept, state.u, p.bias, u0)
        v = overflow(overflow(v, n.wide_bits, n.wide_overflow), n.membrane_bits, n.membrane_overflow)
        v = clamp(p, v, n)
        state.v = v
        if p.kind == "li":
            return Step(v, v)
        out = spikes(p, v, n)
        if p.fire_once:
            out = np.where(state.fired, 0, out)
            state.fired = state.fired | (out > 0)
        state.v = reset(p, v, out, n)
        return Step(out, v)

    return step


def at(node: str, sick: Hook) -> Hook:
    """``update`` that is sick in one population only."""

    def update(m: Machine, p: Population, state: State, a: IntArray) -> Step:
        return sick(m, p, state, a) if p.name == node else m.update(p, state, a)

    return update
