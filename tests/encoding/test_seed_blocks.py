"""The code blocks of the spike-encoding README run as they stand, but for their import lines.

The numbers are those that spike-encoding 1.8.2 gives. Two rows of its README are not among them: the pulse-width
example, which no frequency reproduces, and the CartPole row, whose second observation is negative and cannot drive an
excitatory channel.
"""

import re

import numpy as np
import pytest
import torch

from neurodeploy.encoding import compat
from tests.encoding.digits_file import write_digits

INSTALL = "from spike_encoding.step_forward_converter import StepForwardConverter"

DATASET = """
from spike_encoding.datasets import load_processed_shd

loaded = load_processed_shd(100)
"""

BSA = (
    """
import torch

signal = torch.tensor([[0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5]])
""",
    """
from spike_encoding.bens_spiker_algorithm import BensSpikerAlgorithm

bsa = BensSpikerAlgorithm()
spikes = bsa.encode(signal)
""",
    "reconstructed = bsa.decode(spikes)",
    "filter_order, filter_cutoff, threshold = bsa.optimize(signal)",
    "bsa = BensSpikerAlgorithm(threshold, filter_cutoff=filter_cutoff, filter_order=filter_order)",
)

SF = (
    """
import torch

signal = torch.tensor([[0.1, 0.3, 0.2, 0.4, 0.8, 0.6, 0.7, 0.9, 0.5, 0.3, 0.2]])
""",
    """
from spike_encoding.step_forward_converter import StepForwardConverter

sf = StepForwardConverter(threshold=torch.tensor([0.1])) # (optional parameter, default value 0.5)
spikes = sf.encode(signal)
""",
    "reconstructed = sf.decode(spikes)",
    "threshold = sf.optimize(signal)",
    "sf = StepForwardConverter(threshold=threshold)",
)

PWM = (
    """
import torch

signal = torch.tensor([[0.2, 0.4, 0.6, 0.8, 1.0, 0.8, 0.6, 0.4, 0.2]])
""",
    """
from spike_encoding.pulse_width_modulation import PulseWidthModulation

# Create encoder with default frequency=1Hz
pwm = PulseWidthModulation(frequency=torch.tensor([1.0]))
spikes = pwm.encode(signal)
""",
    "reconstructed = pwm.decode(spikes)",
    """
frequency = pwm.optimize(signal, trials=100)

# Create optimized encoder
pwm_opt = PulseWidthModulation(frequency=frequency)
""",
)

LIF = (
    """
import torch

signal = torch.tensor([[0.5, 0.3, 0.1, 0.4, 0.8, 1.0, 0.7, 0.3, 0.6]])
""",
    """
from spike_encoding.lif_based_encoding import LIFBasedEncoding

# Create encoder with default threshold=0.5 and membrane_constant=0.9
lif = LIFBasedEncoding(threshold=torch.tensor([0.5]), membrane_constant=torch.tensor([0.2]))
spikes = lif.encode(signal)
""",
    "reconstructed = lif.decode(spikes)",
    """
# Optimize threshold and membrane constant
threshold, membrane_constant = lif.optimize(signal, trials=100)

# Create optimized encoder
lif_opt = LIFBasedEncoding(threshold=threshold, membrane_constant=membrane_constant)
""",
)

GYMNASIUM = (
    "observation = [0.00662101, -0.02290802, -0.00224132,  0.00596699]",
    """
# assuming you have gymnasium imported
cartpole_env = gym.make("CartPole-v1")
scaler_factory = ScalerFactory()
scaler = scaler_factory.from_env(cartpole_env)
encoder = GymnasiumEncoder(
    cartpole_env.observation_space.shape[0],
    batch_size,
    seq_length,
    scaler,
    rate_coder=True,
    step_coder=False,
    split_exc_inh=True,
)
""",
    "spike_train = encoder.encode(np.array([observation]))",
)

GYMNASIUM_STEPS = (
    """
converter_factory = ConverterFactory(cartpole_env, scaler)
converter, converter_th = converter_factory.generate()
""",
    """
encoder = GymnasiumEncoder(
    cartpole_env.observation_space.shape[0],
    batch_size,
    seq_length,
    scaler,
    converter_th,
    converter,
    rate_coder=False,
    step_coder=True,
    split_exc_inh=True,
)
""",
)

GYMNASIUM_POISSON = """
encoder = GymnasiumEncoder(
    cartpole_env.observation_space.shape[0],
    batch_size,
    seq_length,
    scaler,
    spike_train_conversion_method="poisson"
)
"""

GYMNASIUM_INVERTED = """
encoder = GymnasiumEncoder(
    cartpole_env.observation_space.shape[0],
    batch_size,
    seq_length,
    scaler,
    spike_train_conversion_method="poisson",
    add_inverted_inputs=True
)
"""

BINS = """
encoder = BinEncoder(
    10,
    min_values=np.array([-2, -5]),
    max_values=np.array([2, 5]),
    n_bins=3,
)
spike_train = encoder.encode(np.array([1.8, 0]))
"""

PUBLIC = {name: getattr(compat, name) for name in compat.__all__}
"""Some blocks use names that they do not import."""


def execute(*blocks, **names):
    names = {**PUBLIC, "np": np, **names}
    for block in blocks:
        exec(
            re.sub(r"^from spike_encoding\.\S+ import", "from neurodeploy.encoding.compat import", block, flags=re.M),
            names,
        )
    return names


def about(values, expected):
    np.testing.assert_allclose(np.asarray(values).reshape(-1), expected, atol=6e-4)


def test_install():
    assert execute(INSTALL)["StepForwardConverter"] is compat.StepForwardConverter


def test_dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    write_digits(tmp_path / "data" / "shd_train.h5", 5, 0)
    write_digits(tmp_path / "data" / "shd_test.h5", 3, 1)
    train, train_labels, test, test_labels = execute(DATASET)["loaded"]
    assert (len(train), len(train_labels), len(test), len(test_labels)) == (5, 5, 3, 3)
    assert train[1].shape == (100, 700)


def test_bens_spiker():
    names = execute(*BSA[:3])
    assert names["spikes"].tolist() == [[0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0]]
    about(names["reconstructed"], [0.5] * 5 + [0.8241, 0.8682, 0.8066, 0.7184, 0.6187, 0.5254])


def test_step_forward():
    names = execute(*SF[:3])
    assert names["spikes"][0].tolist() == [[0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0]]
    assert names["spikes"][1].tolist() == [[0] * 8 + [-1] * 3]
    about(names["reconstructed"], [0, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.5, 0.4, 0.3])


def test_pulse_width():
    names = execute(*PWM[:3])
    assert names["spikes"][0].tolist() == [[0] * 8 + [1]]
    assert names["spikes"][1].tolist() == [[0, 0, 0, 0, -1, 0, 0, 0, 0]]
    about(names["reconstructed"], [0.2, 0.399, 0.599, 0.798, 0.998, 0.8, 0.602, 0.404, 0.206])


def test_lif():
    names = execute(*LIF[:3])
    assert names["spikes"][0].tolist() == [[0, 0, 0, 0, 0, 1, 0, 0, 0]]
    assert names["spikes"][1].tolist() == [[0, 0, -1, 0, 0, 0, 0, 0, 0]]
    about(names["reconstructed"], [0.55, 0.55, 0.325, 0.505, 0.541, 0.7732, 0.5946, 0.5589, 0.5518])


@pytest.mark.parametrize("blocks", [BSA, SF, PWM, LIF], ids=["bsa", "sf", "pwm", "lif"])
def test_optimize(blocks):
    """The parameters found rebuild the signal no worse than those the examples start from."""
    pytest.importorskip("optuna", reason="optimizing needs the extra optimize")
    names = execute(*blocks)
    signal = names["signal"]
    made = next(names[name] for name in ("pwm_opt", "lif_opt", "bsa", "sf") if name in names)
    if isinstance(made, compat.StepForwardConverter):
        back, before = made.decode(made.encode(signal), signal[:, 0]), names["reconstructed"] + signal[:, 0]
    else:
        back, before = torch.as_tensor(made.decode(made.encode(signal))), torch.as_tensor(names["reconstructed"])
    if not isinstance(made, compat.BensSpikerAlgorithm):  # its orders from 35 are longer than the example's signal
        assert torch.mean((back - signal) ** 2) <= torch.mean((before - signal) ** 2)
    assert back.shape == signal.shape


def test_gymnasium():
    gym = pytest.importorskip("gymnasium", reason="environments need the extra gym")
    size = {"gym": gym, "batch_size": 1, "seq_length": 10}
    names = execute(*GYMNASIUM, **size)
    train = names["spike_train"]
    assert train.shape == (10, 1, 8)
    assert not train[:-1].any()
    assert np.nonzero(train[-1, 0])[0].tolist() == [0, 3, 5, 6]
    names = execute(*GYMNASIUM_STEPS, **names)
    state = np.array([names["observation"]])
    assert names["encoder"].encode(state).shape == (10, 1, 8)
    assert not names["encoder"].encode(state).any(), "the same observation again is no change"
    assert execute(GYMNASIUM_POISSON, **names)["encoder"].encode(state).shape == (10, 1, 8)
    assert execute(GYMNASIUM_INVERTED, **names)["encoder"].encode(state).shape == (10, 1, 16)


def test_bins():
    train = execute(BINS)["spike_train"]
    assert train.shape == (10, 1, 6)
    assert (train == [0, 0, 1, 0, 1, 0]).all()
