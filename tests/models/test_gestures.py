"""The gesture network: made events, weights on the grid, and the same spikes from the module down to the targets."""

import numpy as np
import pytest
import torch
from neurodeploy.models.gestures import CLASSES, PRESETS, build, classify, gestures, network, stimulus
from neurodeploy.models.gestures.network import BITS, DELAY, TARGETS
from neurodeploy.models.gestures.strokes import DIRECTIONS
from neurodeploy.models.gestures.train import Recipe, train

import neurodeploy as nd

torch.set_num_threads(1)
TRAINED = PRESETS["trained"]


def spikes(config, shown):
    with torch.no_grad():
        return build(config)(torch.from_numpy(np.asarray(shown["input"])))


def accuracy(config, shown):
    return float((classify(spikes(config, shown)["gesture"]).numpy() == shown.labels).mean())


def centre(frames):
    """Mean row and column of the events in frames (T, 16, 16)."""
    return np.array([places.mean() for places in np.nonzero(frames)[1:]])


def test_a_gesture_is_drawn_from_its_seed_and_its_number_only():
    few, more = gestures(13, 5), gestures(15, 5)
    np.testing.assert_array_equal(few.events, more.events[:13])
    np.testing.assert_array_equal(few.labels, np.arange(13) % 12)
    assert few.events.shape == (13, 48, 1, 16, 16)
    assert set(np.unique(few.events)) == {0.0, 1.0}
    assert not np.array_equal(few.events, gestures(13, 6).events)
    np.testing.assert_array_equal(gestures(2, 5, 20).labels, [0, 1])


@pytest.mark.parametrize("label", range(0, 12, 3))
def test_the_events_move_first_in_the_first_direction(label):
    shown = gestures(120, 3)
    moved = [centre(events[10:14, 0]) - centre(events[3:7, 0]) for events in shown.events[shown.labels == label]]
    assert np.mean(moved, axis=0) @ DIRECTIONS[CLASSES[label][0]] > 1


@pytest.mark.parametrize("name", ["trained", "gestures-random"])
def test_weights_lie_on_the_grid_of_their_population(name):
    for key, value in build(PRESETS[name]).state_dict().items():
        levels = value * 2.0 ** BITS[TARGETS[key.removesuffix(".weight")]]
        assert torch.equal(levels, levels.round())
        assert levels.abs().max() <= 127


def test_the_sensor_is_seen_again_three_steps_late_and_the_memory_hears_itself_a_step_late():
    net = build(PRESETS["gestures-random"])
    with torch.no_grad():
        net.now.weight.zero_()
        net.back.weight.zero_()
        once = torch.zeros(1, 12, 1, 16, 16)
        once[:, 2] = 1
        assert net(once)["motion"].sum((0, 2, 3, 4)).nonzero()[0] == 2 + DELAY
        quiet = net(once)["memory"]
        first = int(quiet.sum((0, 2)).nonzero()[0])
        net.back.weight.fill_(1.0)
        heard = net(once)["memory"]
    assert torch.equal(quiet[:, : first + 1], heard[:, : first + 1])
    assert heard[:, first + 1].sum() > quiet[:, first + 1].sum()


def test_every_rung_sends_what_the_module_sends_on_fixed_and_in_c():
    shown = stimulus(TRAINED, samples=2)
    net = build(TRAINED)
    source = network(net, TRAINED)
    sent = {name: value.numpy() for name, value in spikes(TRAINED, shown).items()}
    report = nd.check(source, shown, targets=["fixed", "c"], budget=1.0, coverage=0)
    assert report.verdict == "agree"
    trace = nd.run(source, shown)
    for name, values in sent.items():
        np.testing.assert_array_equal(trace[name].values, values, err_msg=name)


@pytest.mark.parametrize("name", ["trained", "float-trained"])
def test_held_out_gestures_are_told_apart(name):
    assert accuracy(PRESETS[name], stimulus(TRAINED, samples=180)) > 0.9


def test_training_learns_and_leaves_out_what_it_is_to_leave_out():
    losses = []
    net = train(gestures(24, 1), Recipe(epochs=3, batch=12, without=("back",)), lambda _, mean: losses.append(mean))
    assert losses[-1] < losses[0]
    assert not net.back.weight.any()


def test_unknown_weights_and_shapes_are_refused():
    with pytest.raises(ValueError, match="has no weights 'mine"):
        build({**TRAINED, "weights": "mine.safetensors"})
    with pytest.raises(ValueError, match="expected"):
        build(TRAINED)(torch.zeros(1, 4, 1, 8, 8))
    with pytest.raises(ValueError, match="at least 1"):
        stimulus(TRAINED, samples=0)
