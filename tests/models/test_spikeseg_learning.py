"""Plasticity, competition, homeostasis and the scores of detection, by hand on the smallest sizes."""

import numpy as np
import pytest
import torch
from neurodeploy.models.spikeseg import IFNeuron, SpikeSEGEncoder
from neurodeploy.models.spikeseg.scores import Counts, boxes_mask, dilated, pixel_counts
from neurodeploy.models.spikeseg.stdp import (
    CONVERGED,
    IGARSS2023,
    Homeostasis,
    Plasticity,
    Winner,
    learn,
    unsettled,
    winners,
)
from neurodeploy.models.spikeseg.train import Recipe, first_spikes, train_layer
from torch import nn

torch.set_num_threads(1)


def test_inputs_no_later_than_the_spike_gain_and_others_lose() -> None:
    rule, weight = Plasticity(0.04, 0.03), torch.tensor([0.5, 0.5, 0.5, 0.5, 1.0, 0.0])
    change = rule.change(weight, torch.tensor([0, 3, 4, -1, 0, 0]), 3)
    assert change.tolist() == pytest.approx([0.01, 0.01, -0.0075, -0.0075, 0, 0])
    assert (Plasticity().a_plus, Plasticity().a_minus, IGARSS2023.a_plus, IGARSS2023.a_minus) == (
        0.004,
        0.003,
        0.04,
        0.03,
    )


def test_a_map_has_one_winner_the_earliest_and_a_place_one_map() -> None:
    times = torch.full((4, 2, 3), -1)
    times[0, 0, 1], times[0, 1, 2] = 5, 2  # its own earliest
    times[1, 1, 2] = 1  # earlier at the same place: map 0 does not win
    times[2, 0, 0] = 4
    assert winners(times) == [Winner(1, 1, 2, 1), Winner(2, 0, 0, 4)]
    assert winners(times, radius=2) == [Winner(1, 1, 2, 1)]


def test_equally_early_spikes_are_decided_by_the_membrane_else_by_order() -> None:
    times, membranes = torch.zeros(2, 1, 2, dtype=torch.int64), torch.tensor([[[1.0, 3.0]], [[2.0, 4.0]]])
    assert winners(times) == [Winner(0, 0, 0, 0)]
    assert winners(times, membranes) == [Winner(1, 0, 1, 0)]


def test_a_winner_learns_its_field_and_nobody_else_anything() -> None:
    weight, before = torch.full((2, 1, 3, 3), 0.5), torch.full((1, 3, 3), -1)
    before[0, 0, 1] = 0
    after = learn(weight, before, [Winner(1, 0, 0, 2)], Plasticity(0.04, 0.03))
    expected = torch.full((3, 3), 0.4925)  # rows and columns outside the plane never fire
    expected[1, 2] = 0.51
    assert torch.equal(after[0], weight[0])
    torch.testing.assert_close(after[1, 0], expected)


def test_a_layer_has_converged_when_its_weights_are_decided() -> None:
    assert unsettled(torch.full((2, 2), 0.5)) == 0.25
    assert unsettled(torch.tensor([0.0, 1.0])) == 0 < CONVERGED


def test_thresholds_rise_where_a_map_wins_and_fall_back() -> None:
    thresholds = Homeostasis.at_rest(2, rest=10.0, plus=1.0, tau=4.0)
    thresholds.after(torch.tensor([True, False]))
    assert thresholds.threshold.tolist() == [10.75, 10.0]
    thresholds.after(torch.tensor([False, False]))
    assert thresholds.threshold.tolist() == [10.5625, 10.0]


def test_first_spikes_are_those_of_the_encoder_that_fires_once() -> None:
    encoder = SpikeSEGEncoder(generator=torch.Generator().manual_seed(0))
    frames = (torch.rand(6, 1, 1, 12, 12, generator=torch.Generator().manual_seed(1)) < 0.6).float()
    with torch.no_grad():
        expected = encoder(frames, fire_once=True).layer_spike_times["conv1"][0]
        times, membranes = first_spikes(encoder.conv1(frames[:, 0]), encoder.lif1, encoder.lif1.threshold)
    assert torch.equal(times, expected)
    assert (expected >= 0).any()
    assert bool(((membranes >= 10) == (times >= 0)).all())


def test_two_maps_learn_two_patterns_until_they_have_converged() -> None:
    conv = nn.Conv2d(1, 2, 3, padding=1, bias=False)
    nn.init.normal_(conv.weight, 0.8, 0.01, generator=torch.Generator().manual_seed(0))
    across, down = torch.zeros(2, 1, 5, 5), torch.zeros(2, 1, 5, 5)
    across[0, 0, 2, 1:4], down[0, 0, 1:4, 2] = 1, 1
    thresholds = Homeostasis.at_rest(2, rest=1.9, plus=0.05, tau=20.0)
    recipe = Recipe(passes=300, radius=2)
    learned = train_layer(conv, IFNeuron(1.9), [across, down], thresholds, recipe, torch.Generator().manual_seed(0))
    assert learned.unsettled < CONVERGED
    assert learned.passes < 300
    patterns = {tuple(map(tuple, (kernel[0] > 0.5).int().tolist())) for kernel in conv.weight}
    assert patterns == {((0, 0, 0), (1, 1, 1), (0, 0, 0)), ((0, 1, 0), (0, 1, 0), (0, 1, 0))}


def test_pixels_are_counted_as_the_original_counts_them() -> None:
    truth, predicted = np.zeros((1, 7), np.bool_), np.zeros((1, 7), np.bool_)
    truth[0, 2:4] = True  # grown by one: 1..4
    predicted[0, [1, 2, 6]] = True
    counts = pixel_counts(predicted, truth)
    assert counts == Counts(true_positive=2, false_negative=1, false_positive=1, true_negative=3)
    assert counts.informedness == pytest.approx(2 / 3 + 3 / 4 - 1)
    assert counts + counts == Counts(4, 2, 2, 6)
    assert dilated(truth, 0).tolist() == truth.tolist()
    assert dilated(np.eye(3, dtype=np.bool_), 1).all()


def test_the_truth_is_every_box_that_is_on_the_sensor() -> None:
    boxes = np.array([[[1, 0, 2, 0]], [[-1, -1, -1, -1]], [[0, 1, 0, 1]]])
    assert boxes_mask(boxes, (2, 3)).tolist() == [[False, True, True], [True, False, False]]
