"""Layer sizes, thresholds and leaks of the SpikeSEG encoder, and the settings its papers name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .kernels import FirstKernels
from .neurons import LeakMode, absolute_leak


class EncoderConfigError(ValueError):
    """An encoder setting that does not exist: ``value`` was asked for, ``known`` are the ones there are."""

    def __init__(self, value: str, known: tuple[str, ...]) -> None:
        self.value = value
        self.known = known
        super().__init__(f"no paper preset {value!r}; choose one of {', '.join(known)}")


@dataclass(frozen=True)
class LayerConfig:
    """One spiking convolution: square ``kernel``, stride 1, 'same' padding, no bias.

    ``leak_factor`` follows :class:`LIFNeuron`'s rule; ``neuron`` is ``"lif"`` (clamped at zero) or ``"if"``.
    """

    kernel: int
    channels: int
    threshold: float = 10.0
    leak_factor: float = 0.0
    leak_mode: LeakMode = "subtractive"
    neuron: Literal["lif", "if"] = "lif"

    @property
    def leak(self) -> float:
        """The subtractive leak lambda in units of the membrane."""
        return float(absolute_leak(self.leak_factor, self.threshold))


@dataclass(frozen=True)
class PoolConfig:
    """A square max pool; sizes in pixels."""

    kernel: int = 2
    stride: int = 2


@dataclass(frozen=True)
class EncoderConfig:
    """The whole encoder. The defaults are the IGARSS 2023 setting; the last layer has ``n_classes`` channels.

    Weights are drawn N(``weight_mean``, ``weight_std``) clamped to [0, 1]; ``first_kernels`` may put the fixed
    ``"dog"`` or ``"gabor"`` filters into layer 1. Raises ValueError when ``n_classes`` or ``input_channels`` is below
    1.
    """

    n_classes: int = 1
    input_channels: int = 1
    conv1: LayerConfig = LayerConfig(5, 4, 10.0, 0.9)
    conv2: LayerConfig = LayerConfig(5, 36, 10.0, 0.1)
    conv3: LayerConfig = LayerConfig(7, 1, 10.0, 0.0)
    pool1: PoolConfig = PoolConfig()
    pool2: PoolConfig = PoolConfig()
    first_kernels: FirstKernels = "normal"
    weight_mean: float = 0.8
    weight_std: float = 0.01

    def __post_init__(self) -> None:
        for name, value in (("n_classes", self.n_classes), ("input_channels", self.input_channels)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")

    @classmethod
    def from_paper(cls, name: str, n_classes: int = 1, input_channels: int = 1) -> EncoderConfig:
        """The setting of a paper, in any case. Raises EncoderConfigError when there is none of that name.

        - ``igarss2023``, ``default``: thresholds 10, leaks 9, 1, 0, pools 2/2
        - ``spikeseg``, ``spikeseg2020``, ``hulk2022``, ``hulksmash``, ``hulk-smash``: thresholds 10, no leak, first
          pool 7/6
        - ``sparse-ebssa``: thresholds 0.1, leaks 0.09, 0.01, 0, pools 2/2
        """
        layers = _PAPERS.get(name.lower())
        if layers is None:
            raise EncoderConfigError(name, tuple(sorted(_PAPERS)))
        conv1, conv2, conv3, pool1 = layers
        return cls(n_classes, input_channels, conv1, conv2, conv3, pool1)


_Layers = tuple[LayerConfig, LayerConfig, LayerConfig, PoolConfig]


def _layers(threshold: float, leaks: tuple[float, float, float], pool1: PoolConfig = PoolConfig()) -> _Layers:
    sizes = ((5, 4), (5, 36), (7, 1))
    first, second, third = (LayerConfig(*size, threshold, leak) for size, leak in zip(sizes, leaks, strict=True))
    return first, second, third, pool1


_IGARSS = _layers(10.0, (0.9, 0.1, 0.0))
_SPIKESEG = _layers(10.0, (0.0, 0.0, 0.0), PoolConfig(7, 6))
_PAPERS: dict[str, _Layers] = {
    **dict.fromkeys(("igarss2023", "default"), _IGARSS),
    **dict.fromkeys(("spikeseg", "spikeseg2020", "hulk2022", "hulksmash", "hulk-smash"), _SPIKESEG),
    "sparse-ebssa": _layers(0.1, (0.9, 0.1, 0.0)),
}
