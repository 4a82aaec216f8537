"""Saliency, HULK, SMASH and boxes: against torch's own transposes on the golden spikes, and by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.models.spikeseg import EncoderConfig, SpikeSEGEncoder
from neurodeploy.models.spikeseg.decoder import SaliencyDecoder
from neurodeploy.models.spikeseg.detection import Decoder, Rule
from neurodeploy.models.spikeseg.hulk import Activity, pooled, unravel
from neurodeploy.models.spikeseg.smash import Box, Instance, iou, jaccard, objects, smash
from torch.nn import functional

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "spikeseg_igarss2023_blob32.npz", allow_pickle=False)
KERNELS = {name: GOLDEN[f"w_{name}"].astype(float) for name in ("conv1", "conv2", "conv3")}
STEP = 4


def golden(name: str) -> np.ndarray:
    return GOLDEN[f"{name}_fo0"][STEP, 0]


def test_pooled_spikes_and_their_indices_are_the_golden_ones() -> None:
    for conv, pool, index in (("conv1", "pool1", "idx1"), ("conv2", "pool2", "idx2")):
        spikes, places = pooled(golden(conv).astype(bool), 2)
        assert np.array_equal(spikes, golden(pool).astype(bool))
        assert np.array_equal(places, golden(index))


def test_the_decoder_is_the_encoder_transposed() -> None:
    sent = GOLDEN["conv3_fo0"][:, 0].sum(0).astype(float)
    saliency = SaliencyDecoder(KERNELS)(sent, golden("idx1"), golden("idx2"), ((32, 32), (16, 16)))

    def transposed(values: torch.Tensor, layer: str) -> torch.Tensor:
        weight = torch.from_numpy(KERNELS[layer])
        return functional.conv_transpose2d(values, weight, padding=weight.shape[-1] // 2)

    values = (transposed(torch.from_numpy(sent)[None], "conv3") >= 1).double()
    values = functional.max_unpool2d(values, torch.from_numpy(golden("idx2").astype(np.int64))[None], 2)
    values = (transposed(values, "conv2") >= 1).double()
    values = functional.max_unpool2d(values, torch.from_numpy(golden("idx1").astype(np.int64))[None], 2)
    np.testing.assert_allclose(saliency, transposed(values, "conv1")[0].numpy(), rtol=1e-9)
    assert saliency.any()


def test_the_delay_adds_what_was_decoded_before_and_a_reset_forgets_it() -> None:
    weak = {name: np.full((1, 1, 1, 1), value) for name, value in (("conv3", 0.55), ("conv2", 1.0), ("conv1", 1.0))}
    decode, place = SaliencyDecoder(weak), np.zeros((1, 1, 1), np.int64)

    def shown() -> float:
        return float(decode(np.ones((1, 1, 1)), place, place, ((2, 2), (1, 1))).sum())

    # drives 0.55, then 0.55 * 1.9: the membrane reaches 1 in the second call, and would not without the delay's 0.9
    assert (shown(), shown()) == (0.0, 1.0)
    decode.reset()
    assert shown() == 0.0
    no_delay = SaliencyDecoder(weak | {"conv3": np.full((1, 1, 1, 1), 0.45)}, delay=0)
    assert [no_delay(np.ones((1, 1, 1)), place, place, ((2, 2), (1, 1))).sum() for _ in range(3)] == [0, 0, 1]


def test_overlapping_pools_cannot_be_undone() -> None:
    encoder = SpikeSEGEncoder(EncoderConfig.from_paper("spikeseg"))
    for decoder in (SaliencyDecoder, Decoder):
        with pytest.raises(ValueError, match="7"):
            decoder.of(encoder)


def one_pixel_each() -> tuple[dict[str, np.ndarray], Activity]:
    """1x1 kernels of weights 2, 3 and 5, and one spike of each layer at the same place, (6, 7)."""
    kernels = {
        "conv1": np.full((1, 1, 1, 1), 2.0),
        "conv2": np.full((1, 1, 1, 1), 3.0),
        "conv3": np.full((1, 1, 1, 1), 5.0),
    }
    planes = {name: np.zeros((1, side, side), np.bool_) for name, side in (("lif1", 16), ("lif2", 8), ("lif3", 4))}
    for name, place in (("lif1", (6, 7)), ("lif2", (3, 3)), ("lif3", (1, 1))):
        planes[name][0, place[0], place[1]] = True
    return kernels, Activity(planes)


def test_a_spike_goes_back_to_the_pixel_that_made_it_and_nowhere_else() -> None:
    kernels, step = one_pixel_each()
    saliency, features = unravel(kernels, step, step.spikes["lif3"].astype(float))
    assert {tuple(place): saliency[tuple(place)] for place in np.argwhere(saliency)} == {(0, 6, 7): 30.0}
    assert features.tolist() == [True, True, True]
    silent = Activity({**step.spikes, "lif1": np.zeros_like(step.spikes["lif1"])})
    assert not unravel(kernels, silent, step.spikes["lif3"].astype(float))[0].any()


def test_unravelling_is_the_gated_transpose_and_linear_on_the_golden_spikes() -> None:
    step = Activity({f"lif{n}": golden(f"conv{n}").astype(bool) for n in (1, 2, 3)})
    spikes = step.spikes["lif3"].astype(float)
    saliency, features = unravel(KERNELS, step, spikes)
    back = torch.from_numpy(spikes)[None]
    for layer, pool, index in (("conv3", "pool2", "idx2"), ("conv2", "pool1", "idx1")):
        weight = torch.from_numpy(KERNELS[layer])
        back = functional.conv_transpose2d(back, weight, padding=weight.shape[-1] // 2)
        back = back * torch.from_numpy(golden(pool).astype(float))
        back = functional.max_unpool2d(back, torch.from_numpy(golden(index).astype(np.int64))[None], 2)
    expected = functional.conv_transpose2d(back, torch.from_numpy(KERNELS["conv1"]), padding=2)[0].numpy()
    np.testing.assert_allclose(saliency, expected, rtol=1e-9)
    assert len(features) == 4 + 36 + 1
    single = [np.zeros_like(spikes) for _ in range(int(spikes.sum()))]
    for plane, place in zip(single, np.argwhere(spikes), strict=True):
        plane[tuple(place)] = 1.0
    parts = np.sum([unravel(KERNELS, step, plane)[0] for plane in single[:3]], axis=0)
    np.testing.assert_allclose(parts, unravel(KERNELS, step, np.sum(single[:3], axis=0))[0], rtol=1e-9)


def test_planes_that_no_pool_makes_are_refused() -> None:
    _, step = one_pixel_each()
    with pytest.raises(ValueError, match="2x2"):
        Activity({**step.spikes, "lif2": step.spikes["lif2"][:, :5]})


def test_boxes_are_inclusive() -> None:
    mask = np.zeros((8, 8), np.bool_)
    assert Box.around(mask) is None
    mask[2:4, 3] = True
    box = Box.around(mask)
    assert box == Box(3, 2, 3, 3)
    assert (box.area, box.center) == (2, (3.0, 2.5))
    assert iou(box, Box(3, 3, 4, 3)) == pytest.approx(1 / 3)
    assert iou(box, Box(5, 5, 6, 6)) == 0
    assert box.joined(Box(5, 0, 6, 1)) == Box(3, 0, 6, 3)


def instance(box: Box, *features: int) -> Instance:
    ash = np.zeros((4, 2), np.bool_)
    ash[list(features), 0] = True
    return Instance(0, np.zeros((8, 8), np.bool_), ash, box)


def test_smash_is_likeness_of_features_times_overlap_of_boxes() -> None:
    first, second = instance(Box(0, 0, 1, 1), 0, 1), instance(Box(1, 0, 2, 1), 1, 2)
    assert jaccard(first.ash, second.ash) == pytest.approx(1 / 3)
    assert smash(first, second) == pytest.approx(1 / 9)
    assert jaccard(np.zeros(3, np.bool_), np.zeros(3, np.bool_)) == 0


def test_objects_are_chains_of_alike_instances() -> None:
    chain = [instance(Box(x, 0, x + 3, 3), 0) for x in (0, 4, 2, 20)]  # the third joins the first two
    groups = objects(chain, 0.1)
    assert [len(group) for group in groups] == [3, 1]
    assert len(objects(chain, 0.5)) == 4


def test_a_sample_is_decoded_to_instances_saliency_and_boxes() -> None:
    kernels, step = one_pixel_each()
    recorded = {name: np.stack([plane, np.zeros_like(plane)]) for name, plane in step.spikes.items()}
    decoder = Decoder(kernels, rule=Rule(margin=0))
    assert [(found.step, found.box) for found in decoder.instances(recorded)] == [(0, Box(7, 6, 7, 6))]
    assert decoder.saliency(recorded)[:, 6, 7].tolist() == [30.0, 0.0]
    assert decoder.boxes(recorded) == [[Box(7, 6, 7, 6)], []]
    assert Decoder(kernels, rule=Rule(margin=9)).boxes(recorded)[0] == [Box(0, 0, 15, 15)]
    assert Decoder(kernels, rule=Rule(spikes=2)).boxes(recorded) == [[], []]
