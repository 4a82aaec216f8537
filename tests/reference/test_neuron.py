"""One step of every NIR neuron under every term, against hand-made steps and Norse."""

from dataclasses import replace

import nir
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from norse.torch import LIFBoxCell, LIFBoxParameters, LIFCell, LIFParameters

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.reference.neuron import advance, coefficients, initial_state, terms_of

torch.set_num_threads(1)
DRIVE = np.random.default_rng(0).normal(0.4, 1.0, size=(60, 2, 3))


def full(value):
    return np.full(3, float(value))


def run(node, terms, drive=DRIVE):
    """Outputs and membranes before the comparison, (T, B, N), and the membranes after the reset."""
    drive = np.asarray(drive, float)
    terms = terms_of(node, terms)
    state, c = initial_state(drive.shape[1:], terms), coefficients(node, terms)
    steps = [(*advance(node, terms, c, state, x), state.v.copy()) for x in drive]
    out, before, after = (np.array(each) for each in zip(*steps, strict=True))
    return out, before, after


def one(node, terms, drive):
    """The same for one neuron, as lists."""
    out, before, after = run(node, terms, np.asarray(drive, float)[:, None, None])
    return out.ravel().tolist(), before.ravel().tolist(), after.ravel().tolist()


def single(kind, **values):
    return kind(**{key: np.array([float(value)]) for key, value in values.items()})


LIF = single(nir.LIF, tau=2e-3, r=2.0, v_leak=0.0, v_threshold=1.0, v_reset=-0.5)  # v' = v / 2 + x
IF = single(nir.IF, r=1e3, v_threshold=1.0, v_reset=0.25)  # v' = v + x
BASE = Terms(dt=1e-3)


@pytest.mark.parametrize(
    ("node", "terms", "drive", "out", "after"),
    [
        (IF, {}, [0.5, 0.5, 0.5, 1.5], [0, 0, 1, 1], [0.5, 1.0, 0, 0]),
        (IF, {"fires_at": ">="}, [0.5, 0.5, 0.5, 1.5], [0, 1, 0, 1], [0.5, 0, 0.5, 0]),
        (IF, {"reset": "value"}, [1.5, 0.5, 1.0], [1, 0, 1], [0.25, 0.75, 0.25]),
        (IF, {"reset": "none"}, [1.5, 0.5, -1.0], [1, 1, 0], [1.5, 2.0, 1.0]),
        (IF, {"reset": "subtract"}, [2.5, 0.25, 0.0], [1, 1, 0], [1.5, 0.75, 0.75]),
        (IF, {"dt": 0.5e-3}, [1.0, 1.0, 1.0], [0, 0, 1], [0.5, 1.0, 0.0]),
        (IF, {"dt": 0.5e-3, "input_gain": "unit"}, [1.0, 1.0], [0, 1], [1.0, 0.0]),
        (IF, {"initial_state": 0.75}, [0.5, 0.5], [1, 0], [0.0, 0.5]),
        (IF, {"v_min": -0.25}, [-1.0, 0.5, 1.0], [0, 0, 1], [-0.25, 0.25, 0.0]),
        (IF, {"fire_once": True}, [1.5, 1.5, 1.5], [1, 0, 0], [0.0, 1.5, 3.0]),
        (IF, {"reset": "subtract", "max_spikes_per_step": 3}, [2.5, 4.75, 0.0], [2, 3, 2], [0.5, 2.25, 0.25]),
        (IF, {"max_spikes_per_step": 3, "reset": "subtract"}, [2.0, 0.0], [1, 0], [1.0, 1.0]),
        (IF, {"max_spikes_per_step": 3, "reset": "subtract", "fires_at": ">="}, [2.0], [2], [0.0]),
        (IF, {"max_spikes_per_step": 3}, [2.5, 0.5], [2, 0], [0.0, 0.5]),
        (IF, {"reset_timing": "every-step", "initial_state": 0.5}, [0.5, 0.75, 0.25], [0, 1, 0], [1.0, 0, 0.75]),
        (IF, {"reset_timing": "next-step"}, [1.5, 0.5, 0.75], [1, 0, 1], [1.5, 0.5, 1.25]),
        (IF, {"reset_timing": "next-step", "reset": "value"}, [1.5, 0.5], [1, 0], [1.5, 0.75]),
        (LIF, {}, [0.75, 0.75, 0.75], [0, 1, 0], [0.75, 0.0, 0.75]),
        (LIF, {"reset": "value"}, [1.5, 1.0], [1, 0], [-0.5, 0.75]),
        (LIF, {"reset_timing": "next-step"}, [1.5, 0.5], [1, 0], [1.5, 0.5]),
        (LIF, {"reset_timing": "next-step", "reset": "subtract"}, [1.5, 0.5, 0.5], [1, 0, 0], [1.5, 0.25, 0.625]),
        (LIF, {"reset": "subtract"}, [1.5, 0.5], [1, 0], [0.5, 0.75]),
        (LIF, {"input_gain": "unit"}, [0.5, 0.5, 0.5], [0, 0, 0], [0.5, 0.75, 0.875]),
        (single(nir.LIF, tau=2e-3, r=2.0, v_leak=1.0, v_threshold=2.0), {}, [0, 0, 1.5], [0, 0, 1], [0.5, 0.75, 0]),
    ],
)
def test_hand_made_steps(node, terms, drive, out, after):
    actual, _, states = one(node, replace(BASE, **terms), drive)
    assert (actual, states) == (out, after)


def test_a_threshold_is_strict_stateless_and_free_of_other_terms():
    node = single(nir.Threshold, threshold=0.5)
    terms = Terms(fires_at=">=", v_min=1.0, fire_once=True, initial_state=9.0, max_spikes_per_step=7, reset="value")
    assert one(node, terms, [0.5, 0.6, 3.0, -1.0, 0.75])[0] == [0, 1, 1, 0, 1]


def test_non_spiking_neurons_send_their_membrane():
    assert one(single(nir.I, r=500.0), BASE, [1, 1, -3])[0] == [0.5, 1.0, -0.5]
    assert one(single(nir.I, r=500.0), replace(BASE, v_min=0.0), [1, 1, -3])[0] == [0.5, 1.0, 0.0]
    assert one(single(nir.LI, tau=2e-3, r=2.0, v_leak=0.5), BASE, [1, 0, 0])[0] == [1.25, 0.875, 0.6875]
    cuba = single(nir.CubaLI, tau_syn=2e-3, tau_mem=4e-3, r=4.0, v_leak=0.0, w_in=2.0)
    assert one(cuba, BASE, [1, 0, 0])[0] == [1.0, 1.25, 1.1875]
    assert one(cuba, replace(BASE, current="previous"), [1, 0, 0])[0] == [0.0, 1.0, 1.25]


def test_the_exponential_method_is_the_exact_solution_for_a_held_input():
    node = single(nir.LIF, tau=5e-3, r=3.0, v_leak=0.5, v_threshold=1e9)
    drive = [1.0, -2.0, 0.5, 0.5]
    steps = 20_000
    v, expected = 0.0, []
    for x in drive:
        for _ in range(steps):
            v += (1e-3 / steps) / 5e-3 * (0.5 - v + 3.0 * x)
        expected.append(v)
    exact = one(node, replace(BASE, method="exponential"), drive)[1]
    np.testing.assert_allclose(exact, expected, atol=1e-4)
    assert np.abs(np.array(one(node, BASE, drive)[1]) - expected).max() > 0.01


def test_forced_spikes_reset_in_place_of_the_neuron_s_own():
    terms = replace(BASE, fire_once=True)
    state, c = initial_state((1, 1), terms), coefficients(IF, terms)
    x = np.full((1, 1), 1.5)
    out, _ = advance(IF, terms, c, state, x, forced=np.zeros((1, 1)))
    assert (out.item(), state.v.item(), bool(state.fired.item())) == (1.0, 1.5, False)
    out, before = advance(IF, terms, c, state, 0 * x, forced=np.ones((1, 1)))
    assert (out.item(), before.item(), state.v.item(), bool(state.fired.item())) == (1.0, 1.5, 0.0, True)


def test_counts_need_a_threshold_above_zero():
    node = single(nir.IF, r=1e3, v_threshold=0.0)
    with pytest.raises(RefusedError):
        one(node, replace(BASE, max_spikes_per_step=2), [1.0])


@settings(max_examples=20)
@given(st.floats(50, 900), st.floats(-0.2, 0.2), st.floats(0.1, 1.0), st.floats(-0.5, 0.0), st.integers(0, 2**16))
def test_lif_equals_norse_box_cells(tau_inv, leak, threshold, v_reset, seed):
    """Norse starts its membranes at the leak."""
    drive = np.random.default_rng(seed).normal(0.5, 1.0, (40, 2, 3))
    p = LIFBoxParameters(*(torch.tensor(v, dtype=torch.float64) for v in (tau_inv, leak, threshold, v_reset)))
    cell, state, spikes, membranes = LIFBoxCell(p, dt=1e-3), None, [], []
    for x in drive:
        z, state = cell(torch.tensor(x), state)
        spikes.append(z.detach().numpy())
        membranes.append(state.v.detach().numpy())
    node = nir.LIF(full(1 / tau_inv), full(1), full(leak), full(threshold), full(v_reset))
    out, _, after = run(node, replace(BASE, reset="value", initial_state=leak), drive)
    assert np.array_equal(out, spikes)
    np.testing.assert_allclose(after, membranes, atol=1e-9)


@settings(max_examples=20)
@given(st.floats(50, 900), st.floats(50, 900), st.floats(0.1, 1.0), st.integers(0, 2**16))
def test_cuba_lif_equals_norse_cells(syn_inv, mem_inv, threshold, seed):
    """Norse adds the whole input to the current: w_in = tau_syn / dt."""
    drive = np.random.default_rng(seed).normal(0.2, 0.6, (40, 2, 3))
    p = LIFParameters(*(torch.tensor(v, dtype=torch.float64) for v in (syn_inv, mem_inv, 0.0, threshold, 0.0)))
    cell, state, spikes, membranes = LIFCell(p, dt=1e-3), None, [], []
    for x in drive:
        z, state = cell(torch.tensor(x), state)
        spikes.append(z.detach().numpy())
        membranes.append(state.v.detach().numpy())
    tau_syn, tau_mem = full(1 / syn_inv), full(1 / mem_inv)
    node = nir.CubaLIF(tau_syn, tau_mem, full(1), full(0), full(threshold), w_in=tau_syn / 1e-3)
    out, _, after = run(node, BASE, drive)
    assert np.array_equal(out, spikes)
    np.testing.assert_allclose(after, membranes, atol=1e-9)


def test_snntorch_and_sinabs_steps_as_terms():
    """Two rows of the table of front ends: leaky with a late subtraction, and many spikes with subtraction."""
    beta, threshold, v, late = 0.9, 1.0, 0.0, 0.0
    expected = []
    for x in DRIVE[:, 0, 0]:
        v = beta * v + x - late * threshold
        late = float(v > threshold)
        expected.append(late)
    node = single(nir.LIF, tau=1e-2, r=1.0, v_leak=0.0, v_threshold=1.0)
    terms = Terms(input_gain="unit", reset="subtract", reset_timing="next-step")
    assert one(node, terms, DRIVE[:, 0, 0])[0] == expected
    alpha, v, counts = np.exp(-0.1), 0.0, []
    for x in 3 * DRIVE[:, 0, 0]:
        v = alpha * v + x
        n = np.trunc(v / threshold) if v > 0 else 0.0
        v = max(v - n * threshold, -1.0)
        counts.append(n)
    many = Terms(
        input_gain="unit", method="exponential", reset="subtract", fires_at=">=", max_spikes_per_step=99, v_min=-1
    )
    assert one(node, many, 3 * DRIVE[:, 0, 0])[0] == counts
    assert max(counts) > 2
