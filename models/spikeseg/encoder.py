"""The SpikeSEG encoder: three spiking convolutions with two max pools between them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .coding import as_sequence
from .config import EncoderConfig, LayerConfig
from .kernels import dog_kernels, gabor_kernels, normal_kernels
from .neurons import IFNeuron, LIFNeuron, create_neuron
from .output import LAYERS, EncoderOutput, PoolingIndices, max_pool

_SPIKING = ("conv1", "conv2", "conv3")


class SpikeSEGEncoder(nn.Module):
    """``conv1 -> lif1 -> pool1 -> conv2 -> lif2 -> pool2 -> conv3 -> lif3``, all within one time step.

    Convolutions have stride 1, padding kernel // 2 and no bias; the pools take spikes. ``generator`` seeds the weights.
    Between calls the encoder keeps its membranes and, in ``pooling_history``, the pooling indices of every step of the
    last call. Source: SpikeSEG, "Encoder Network"; Kirkland et al., IJCNN 2020 and IGARSS 2023.
    """

    def __init__(self, config: EncoderConfig | None = None, generator: torch.Generator | None = None) -> None:
        super().__init__()
        config = config or EncoderConfig()
        self.config = config
        self.conv1 = _convolution(config.input_channels, config.conv1.channels, config.conv1)
        self.lif1 = _neuron(config.conv1)
        self.pool1 = max_pool(config.pool1.kernel, config.pool1.stride)
        self.conv2 = _convolution(config.conv1.channels, config.conv2.channels, config.conv2)
        self.lif2 = _neuron(config.conv2)
        self.pool2 = max_pool(config.pool2.kernel, config.pool2.stride)
        self.conv3 = _convolution(config.conv2.channels, config.n_classes, config.conv3)
        self.lif3 = _neuron(config.conv3)
        self.pooling_history: tuple[PoolingIndices, ...] = ()
        self._membrane: dict[str, Tensor] = {}
        self._has_fired: dict[str, Tensor] = {}
        self.initialize(generator)

    def initialize(self, generator: torch.Generator | None = None) -> None:
        """Draw the weights anew: N(mean, std) in [0, 1]; fixed kernels in ``conv1`` if the config asks for them."""
        fixed = {"dog": dog_kernels, "gabor": gabor_kernels}.get(self.config.first_kernels)
        mean, std = self.config.weight_mean, self.config.weight_std
        with torch.no_grad():
            for conv in (self.conv1, self.conv2, self.conv3):
                conv.weight.copy_(normal_kernels(tuple(conv.weight.shape), mean, std, generator))
            if fixed is not None:
                size = self.config.conv1.kernel
                self.conv1.weight.copy_(fixed(self.config.conv1.channels, self.config.input_channels, size))

    def reset(self) -> None:
        """Return every membrane to 0 and give every neuron its one spike back."""
        self._membrane.clear()
        self._has_fired.clear()

    def forward(
        self,
        x: Tensor,
        n_timesteps: int | None = None,
        reset_state: bool = True,
        layer_thresholds: Mapping[str, float | Tensor] | None = None,
        fire_once: bool = True,
    ) -> EncoderOutput:
        """Run a sequence (T, B, C, H, W) or a frame (B, C, H, W), see :func:`.coding.as_sequence`.

        ``reset_state=False`` goes on from the state of the last call. ``layer_thresholds`` replaces thresholds by layer
        (``conv1``, ``conv2``, ``conv3``), each a scalar or (C,). ``fire_once`` lets each neuron spike once until the
        next reset: right for training, wrong for detection. Raises ValueError on other ranks and on unknown layer
        names.
        """
        thresholds = dict(layer_thresholds or {})
        if unknown := sorted(set(thresholds) - set(_SPIKING)):
            raise ValueError(f"no layer {unknown} to set a threshold for; choose from {list(_SPIKING)}")
        if reset_state:
            self.reset()
        steps: list[dict[str, Tensor]] = []
        indices: list[PoolingIndices] = []
        for frame in as_sequence(x, n_timesteps, fire_once):
            spikes, where = self.step(frame, thresholds, fire_once)
            steps.append(spikes)
            indices.append(where)
        self.pooling_history = tuple(indices)
        return EncoderOutput.of({name: torch.stack([step[name] for step in steps]) for name in LAYERS}, indices[-1])

    def step(
        self, x: Tensor, thresholds: Mapping[str, float | Tensor] | None = None, fire_once: bool = False
    ) -> tuple[dict[str, Tensor], PoolingIndices]:
        """One time step on (B, C, H, W): the spikes of the five layers and where the pools found their maxima."""
        theta = thresholds or {}
        s1 = self._fire("conv1", self.lif1, self.conv1(x), theta, fire_once)
        p1, i1 = self.pool1(s1)
        s2 = self._fire("conv2", self.lif2, self.conv2(p1), theta, fire_once)
        p2, i2 = self.pool2(s2)
        s3 = self._fire("conv3", self.lif3, self.conv3(p2), theta, fire_once)
        spikes: dict[str, Tensor] = dict(zip(LAYERS, (s1, p1, s2, p2, s3), strict=True))
        return spikes, PoolingIndices(i1, i2, tuple(s1.shape), tuple(s2.shape))

    def _fire(
        self,
        layer: str,
        neuron: IFNeuron | LIFNeuron,
        current: Tensor,
        thresholds: Mapping[str, float | Tensor],
        fire_once: bool,
    ) -> Tensor:
        fired = self._has_fired.get(layer)
        mask = fired if fire_once else None
        spikes, self._membrane[layer], _ = neuron(current, self._membrane.get(layer), mask, thresholds.get(layer))
        self._has_fired[layer] = spikes if fired is None else (fired + spikes).clamp(0.0, 1.0)
        return spikes


def _convolution(inputs: int, outputs: int, layer: LayerConfig) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, layer.kernel, padding=layer.kernel // 2, bias=False)


def _neuron(layer: LayerConfig) -> IFNeuron | LIFNeuron:
    return create_neuron(
        layer.neuron, threshold=layer.threshold, leak_factor=layer.leak_factor, leak_mode=layer.leak_mode
    )
