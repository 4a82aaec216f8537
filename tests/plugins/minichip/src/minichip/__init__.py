"""minichip: leaky neurons of 32 bits with dense synapses, which saturate."""

import numpy as np

from neurodeploy.capabilities import Capabilities
from neurodeploy.numerics import INT32
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Entry, Trace

LARGEST = 2**31 - 1
CAN = Capabilities(
    populations=frozenset({"cuba-lif"}),
    projections=frozenset({"dense"}),
    resets=frozenset({"zero", "subtract"}),
    max_spikes_per_step=1,
    graded_messages=False,
    clamps=False,
    fire_once=False,
    stateless=False,
    initial_states=False,
)


def saturated(values):
    return np.clip(values, -LARGEST, LARGEST)


def decayed(values, decay):
    return values * (4096 - decay) >> 12


def step(p, current, membrane, drive):
    current = saturated(decayed(current, p.current_decay) + drive)
    membrane = saturated(decayed(membrane, p.membrane_decay) + current + p.bias)
    fires = membrane >= p.threshold if p.compare == ">=" else membrane > p.threshold
    rest = membrane - p.threshold if p.reset == "subtract" else 0 * membrane
    return current, np.where(fires, rest, membrane), fires


def run(artifact, stimulus, *, states=False, drive=None):
    program = artifact.program
    sent = {each.name: each.quantize(stimulus[each.name]) for each in program.inputs}
    samples, steps = next(iter(sent.values())).shape[:2]
    for p in program.populations:
        sent[p.name] = np.zeros((samples, steps, *p.shape), np.int64)
    record = {p.name: (np.zeros_like(sent[p.name]), np.zeros_like(sent[p.name])) for p in program.populations}
    state = {p.name: (np.zeros((samples, *p.shape), np.int64),) * 2 for p in program.populations}
    heard = sent if drive is None else {name: entry.output for name, entry in drive.entries.items()}
    for t in range(steps):
        for p in map(program.by_name.get, program.order):
            total = np.zeros((samples, p.size), np.int64)
            for synapses in program.into(p.name):
                if t >= synapses.delay:
                    spikes = heard[synapses.source][:, t - synapses.delay].reshape(samples, -1) != 0
                    total = total + spikes @ synapses.weights.T
            current, membrane, fires = step(p, *state[p.name], saturated(total).reshape(samples, *p.shape))
            state[p.name] = current, membrane
            sent[p.name][:, t], record[p.name][0][:, t], record[p.name][1][:, t] = fires, membrane, current
    entries = {name: Entry(values) for name, values in sent.items()}
    for name, (membrane, current) in record.items() if states else ():
        scale = program.by_name[name].scale
        entries[name] = Entry(sent[name], v=membrane, u=current, state_scale=scale)
    return Trace(entries)


TARGET = Target("minichip", "leaky 32-bit neurons in fifty lines", INT32, CAN, lambda p, options: Artifact(p), run)
