"""Ranges from known values, data, and environments."""

import numpy as np
import pytest

from neurodeploy.encoding import Scaler, compat
from neurodeploy.errors import InputError


def test_known_values():
    scaler = Scaler.from_ranges([-2, -5, 3], [2, 5, 3])
    np.testing.assert_allclose(scaler.transform([[1.8, 0, 3]]), [[0.95, 0.5, 0]])
    with pytest.raises(InputError, match="feature 1"):
        Scaler.from_ranges([0, 1], [1, 0])
    with pytest.raises(InputError, match="3 features"):
        scaler.transform([[1, 2]])


def test_it_is_the_arithmetic_of_scikit_learn():
    preprocessing = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn comes with the extra torch")
    data = np.random.default_rng(0).normal(size=(50, 3))
    expected = preprocessing.MinMaxScaler().fit(data).transform(data)
    np.testing.assert_array_equal(Scaler.from_data(data).transform(data), expected)


def test_data():
    data = np.array([[[-1.0, 5]], [[3, 4]]])
    assert Scaler.from_data(data) == Scaler((-1.0, 4.0), (3.0, 5.0))
    assert Scaler.from_data(data, symmetric=True) == Scaler((-3.0, -5.0), (3.0, 5.0))
    with pytest.raises(InputError, match="finite"):
        Scaler.from_data([[np.nan, 1]])


def test_environment(tmp_path, monkeypatch):
    gym = pytest.importorskip("gymnasium", reason="environments need the extra gym")
    monkeypatch.chdir(tmp_path)
    env = gym.make("CartPole-v1")
    with pytest.raises(InputError, match="observations 1, 3 have no bounds"):
        Scaler.from_env(env)
    scaler = Scaler.from_env(env, episodes=5, seed=3)
    assert scaler == Scaler.from_env(env, episodes=5, seed=3)
    np.testing.assert_allclose(scaler.low, np.negative(scaler.high))
    np.testing.assert_allclose((scaler.high[0], scaler.high[2]), (4.8, 0.418879), atol=1e-5)
    assert 0.1 < scaler.high[1] < 10
    made, limits = compat.ConverterFactory(env, scaler, episodes=5).generate()
    np.testing.assert_array_equal(limits, compat.ConverterFactory(env, scaler, episodes=5).generate()[1])
    assert made.n_feat == 4
    assert (limits > 0).all()
    assert (limits < 1).all()
    assert list(tmp_path.iterdir()) == []
