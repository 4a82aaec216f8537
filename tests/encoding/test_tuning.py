"""Tuning: seeded, for any objective, and at equal trials no worse than spike-encoding 1.8.2."""

import contextlib
import io

import numpy as np
import pytest
import torch

from neurodeploy.encoding import (
    CODERS,
    BensSpiker,
    LeakyIntegrateAndFire,
    Objective,
    PulseWidth,
    Search,
    StepForward,
    make_coder,
    optimize,
)
from neurodeploy.errors import InputError
from tests.encoding.package import need_package, theirs
from tests.encoding.signals import draw

optuna = pytest.importorskip("optuna", reason="optimizing needs the extra optimize")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

X = draw(21, 3, 120)


@pytest.mark.parametrize("kind", [each for each in CODERS if each != "gymnasium"])
def test_it_lowers_the_error_of_every_coder(kind):
    start = make_coder(kind, {}).fit(X)
    tuned = start.optimize(X, trials=15, seed=3)
    before = np.mean((start.decode(start.encode(X), initial=X[:, 0]) - X) ** 2)
    after = np.mean((tuned.coder.decode(tuned.coder.encode(X), initial=X[:, 0]) - X) ** 2)
    assert tuned.values["mse"] == pytest.approx(after, rel=1e-5)
    assert after <= before * 1.01


def test_the_same_seed_gives_the_same():
    found = [optimize(LeakyIntegrateAndFire(), X, trials=12, seed=seed) for seed in (5, 5, 6)]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_each_feature_gets_parameters_of_its_own_and_a_tensor_is_as_good():
    tuned = StepForward().optimize(X, trials=10)
    assert len(tuned.coder.threshold) == 3
    assert tuned.trials == 30
    alone = StepForward().optimize(X[1:2], trials=10, seed=1)
    assert alone.coder.threshold == (tuned.coder.threshold[1],)
    assert isinstance(StepForward().optimize(X[0], trials=3).coder.threshold, float)
    assert StepForward().optimize(torch.from_numpy(X), trials=10) == tuned
    batch = np.stack((X, -X))
    assert len(StepForward().optimize(batch, trials=5).coder.threshold) == 3


def test_what_is_not_looked_for_stays_as_it_is():
    coder = LeakyIntegrateAndFire((0.2, 0.3, 0.4), low=(-9, -9, -9), high=(9, 9, 8))
    tuned = coder.optimize(X, trials=4, search={"constant": Search(0.1, 0.5)}).coder
    assert (tuned.threshold, tuned.low, tuned.high) == (coder.threshold, coder.low, coder.high)
    assert len(set(tuned.constant)) == 3


@pytest.mark.parametrize("objective", ["mae", "density", "snr"])
def test_objectives(objective):
    reached = StepForward().optimize(X[0], objective, trials=25).values[objective]
    default = StepForward().optimize(X[0], objective, trials=1).values[objective]
    assert reached >= default if objective == "snr" else reached <= default


def test_an_objective_of_ones_own():
    def spikes_beside_fifty(signal, reconstruction, spikes):
        assert signal.shape == reconstruction.shape == spikes.shape == (1, 1, 120)
        return abs(np.count_nonzero(spikes) - 50)

    tuned = StepForward().optimize(X[0], spikes_beside_fifty, trials=40)
    assert abs(np.count_nonzero(tuned.coder.encode(X[0])) - 50) == tuned.values["spikes_beside_fifty"] <= 2
    most = Objective("most", lambda signal, back, spikes: np.count_nonzero(spikes), maximize=True, reconstructs=False)
    gymnasium = make_coder("gymnasium", {"low": X.min(), "high": X.max()})
    assert gymnasium.optimize(X, most, trials=30).coder.steps > 40


def test_a_front_of_error_against_density():
    tuned = StepForward().optimize(X, ("mse", "density"), trials=60)
    points = [(each.values["mse"], each.values["density"]) for each in tuned.front]
    assert len(points) > 5
    assert points == sorted(points)
    assert [d for _, d in points] == sorted((d for _, d in points), reverse=True)
    for each in tuned.front:
        spikes = each.coder.encode(X)
        assert each.values["density"] == np.count_nonzero(spikes) / X.size
    assert tuned.coder in [each.coder for each in tuned.front]
    assert tuned.front[0].values["density"] > tuned.values["density"] > tuned.front[-1].values["density"]


def test_what_makes_no_sense_is_refused():
    for arguments, told in (
        (("speed",), "unknown objective 'speed'"),
        (([],), "nothing to try"),
    ):
        with pytest.raises(InputError, match=told):
            StepForward().optimize(X, *arguments)
    with pytest.raises(InputError, match="no parameter 'gain'"):
        StepForward().optimize(X, search={"gain": Search(0, 1)})
    with pytest.raises(InputError, match="no inverse"):
        make_coder("gymnasium", {"low": 0, "high": 1}).optimize(X)
    with pytest.raises(InputError, match="constant"):
        StepForward().optimize(np.ones(20))
    with pytest.raises(InputError, match="no trial gave a number"):
        StepForward().optimize(X[0], lambda *_: float("nan"), trials=3)


def squared_error(ours, reference):
    return torch.mean((torch.as_tensor(ours) - torch.as_tensor(reference)) ** 2)


def package_error(module, name, signal, trials, seed, monkeypatch):
    """What the package's own optimizing reaches, with its sampler seeded."""
    create = optuna.create_study

    def seeded(**options):
        return create(**{**options, "sampler": optuna.samplers.TPESampler(seed=seed)})

    coder = theirs(module, name)()
    with monkeypatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(optuna, "create_study", seeded)
        with contextlib.redirect_stderr(io.StringIO()):
            coder.optimize(signal.clone(), error_function=squared_error, trials=trials)
    spikes = coder.encode(signal.clone())
    first = {
        "step_forward_converter": {"initial_value": signal[0, 0]},
        "pulse_width_modulation": {"init_val": signal[:, 0]},
    }
    return float(squared_error(coder.decode(spikes, **first.get(module, {})), signal))


@pytest.mark.parametrize(
    ("coder", "module", "name", "count", "steps"),
    [
        (StepForward(), "step_forward_converter", "StepForwardConverter", 6, 50),
        (LeakyIntegrateAndFire(), "lif_based_encoding", "LIFBasedEncoding", 6, 50),
        (PulseWidth(), "pulse_width_modulation", "PulseWidthModulation", 6, 50),
        (BensSpiker(), "bens_spiker_algorithm", "BensSpikerAlgorithm", 2, 50),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_it_is_no_worse_than_the_package_at_equal_trials(coder, module, name, count, steps, monkeypatch):
    """The mean ratio of the errors, over signals within the threshold range that the package searches."""
    need_package()
    signals = draw(77, count, steps)
    signals = 0.3 * (signals - signals.mean(axis=1, keepdims=True)) / signals.std(axis=1, keepdims=True)
    ratios = []
    for seed, row in enumerate(signals):
        reference = package_error(module, name, torch.from_numpy(row[None]), 30, seed, monkeypatch)
        ratios.append(coder.optimize(row, trials=30, seed=seed).values["mse"] / reference)
    assert np.mean(ratios) <= 1, ratios
