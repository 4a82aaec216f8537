"""SpikeSEG's two neurons. One call is one time step; the caller keeps the state."""

from typing import Any, Literal

import torch
from torch import Tensor, nn


def per_channel(value: float | Tensor, like: Tensor) -> Tensor:
    """``value`` shaped to broadcast over ``like`` (B, C, ...): a scalar stays, a vector (C,) lines up with axis 1.

    Raises ValueError when a vector's length is not the number of channels.
    """
    tensor = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    if tensor.ndim == 0:
        return tensor
    if tensor.ndim != 1 or like.ndim < 2 or tensor.numel() != like.shape[1]:
        raise ValueError(
            f"a per-channel value of shape {tuple(tensor.shape)} does not fit a tensor of shape {tuple(like.shape)}; "
            "give a scalar or one value per channel (axis 1)"
        )
    return tensor.reshape(-1, *[1] * (like.ndim - 2))


def spike_function(membrane: Tensor, threshold: float | Tensor = 0.0) -> Tensor:
    """Heaviside step S = H(V - theta) with H(0) = 1: a membrane equal to the threshold fires.

    ``membrane`` has any shape when ``threshold`` is a scalar, (B, C, ...) when it is a vector (C,). Returns 0/1 in the
    membrane's own type and shape. Source: SpikeSEG, "Spike Generation" (S = H(V - theta), element-wise).
    """
    return (membrane >= per_channel(threshold, membrane)).to(membrane.dtype)


spike_fn = spike_function
"""Short name of :func:`spike_function`."""


def fire(before: Tensor, threshold: float | Tensor, has_fired: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Compare, mask and reset: returns (spikes, membrane after reset).

    Where ``has_fired`` is 1 the spike is masked; such a neuron is not reset and goes on integrating. The reset is to
    zero. Source: Kheradpisheh et al. 2018 (one spike per neuron and image), SpikeSEG neurons.
    """
    spikes = spike_function(before, threshold)
    if has_fired is not None:
        spikes = spikes * (1.0 - has_fired)
    return spikes, before * (1.0 - spikes)


LeakMode = Literal["subtractive", "multiplicative"]
NeuronOutput = tuple[Tensor, Tensor, Tensor]


def absolute_leak(leak_factor: float, threshold: float | Tensor) -> Tensor:
    """The leak lambda in units of the membrane: ``leak_factor`` itself above 1, else that fraction of the threshold."""
    theta = torch.as_tensor(threshold, dtype=torch.float64)
    return torch.full_like(theta, leak_factor) if leak_factor > 1 else leak_factor * theta


class IFNeuron(nn.Module):
    """Integrate-and-fire: V = V + I; S = (V >= theta); V = 0 where S = 1. There is no clamp, so V may go below zero.

    ``threshold`` is a scalar or one value per channel (C,), in units of the input current.
    Source: SpikeSEG, "Integrate-and-Fire".
    """

    threshold: Tensor

    def __init__(self, threshold: float | Tensor = 10.0) -> None:
        super().__init__()
        self.register_buffer("threshold", _threshold(threshold), persistent=False)

    def forward(
        self,
        input_current: Tensor,
        membrane: Tensor | None = None,
        has_fired: Tensor | None = None,
        threshold: float | Tensor | None = None,
    ) -> NeuronOutput:
        """One step on (B, C, ...): (spikes, membrane after reset, membrane before threshold), shaped as the input.

        ``membrane`` None means rest (0). ``has_fired`` (0/1) silences neurons that spent their one spike. ``threshold``
        replaces the neuron's own for this step. Raises ValueError when the state's shape is not the input's.
        """
        before = _state(input_current, membrane) + input_current
        spikes, after = fire(before, self.threshold if threshold is None else threshold, has_fired)
        return spikes, after, before


class LIFNeuron(nn.Module):
    """Leaky integrate-and-fire with a constant or a proportional leak.

    - subtractive: V = max(V + I - lambda, 0)
    - multiplicative: V = max(beta V + I, 0), beta = 1 - leak_factor

    then S = (V >= theta) and V = 0 where S = 1. ``clamp=False`` drops the max(., 0), which the papers do not mention.

    The subtractive lambda is given in one of three ways: ``leak=`` is lambda itself; ``leak_factor`` above 1 is lambda
    itself; ``leak_factor`` in [0, 1] is a fraction of the threshold. So ``LIFNeuron(10.0, 9.0)``, ``LIFNeuron(10.0,
    0.9)`` and ``LIFNeuron(10.0, leak=9.0)`` are the same neuron. ``threshold`` is a scalar or one value per channel
    (C,).

    Raises ValueError on a negative leak, a multiplicative factor above 1, or an unknown mode.
    Source: SpikeSEG, "Leaky Integrate-and-Fire"; leaks of 90 % and 10 % of the threshold: IGARSS 2023.
    """

    threshold: Tensor
    leak: Tensor
    beta: Tensor

    def __init__(
        self,
        threshold: float | Tensor = 10.0,
        leak_factor: float = 0.9,
        leak_mode: LeakMode = "subtractive",
        *,
        leak: float | None = None,
        clamp: bool = True,
    ) -> None:
        super().__init__()
        _check_leak(leak_factor, leak_mode, leak)
        theta = _threshold(threshold)
        subtractive = leak_mode == "subtractive"
        amount = absolute_leak(leak_factor, threshold) if leak is None else torch.as_tensor(leak, dtype=torch.float64)
        self.leak_mode: LeakMode = leak_mode
        self.clamp = clamp
        self.register_buffer("threshold", theta, persistent=False)
        self.register_buffer("leak", (amount if subtractive else torch.zeros(())).to(theta.dtype), persistent=False)
        self.register_buffer("beta", torch.tensor(1.0 if subtractive else 1.0 - leak_factor), persistent=False)

    def forward(
        self,
        input_current: Tensor,
        membrane: Tensor | None = None,
        has_fired: Tensor | None = None,
        threshold: float | Tensor | None = None,
    ) -> NeuronOutput:
        """One step on (B, C, ...): (spikes, membrane after reset, membrane before threshold), shaped as the input.

        The membrane before threshold is taken after leak and clamp. The arguments are those of :class:`IFNeuron`; a
        threshold given here changes the comparison only, never the leak.
        """
        state = _state(input_current, membrane)
        if self.leak_mode == "subtractive":
            before = state + input_current - per_channel(self.leak, input_current)
        else:
            before = self.beta * state + input_current
        if self.clamp:
            before = before.clamp(min=0.0)
        spikes, after = fire(before, self.threshold if threshold is None else threshold, has_fired)
        return spikes, after, before


def create_neuron(kind: str, **parameters: Any) -> IFNeuron | LIFNeuron:
    """``create_neuron("lif", threshold=10.0, ...)``: a neuron by name, ``"if"`` or ``"lif"`` in any case.

    ``parameters`` are those of the class, except that an IF neuron ignores the leak. Raises ValueError on an unknown
    name.
    """
    match kind.lower():
        case "if":
            return IFNeuron(threshold=parameters.get("threshold", 10.0))
        case "lif":
            return LIFNeuron(**parameters)
        case _:
            raise ValueError(f"unknown neuron {kind!r}; choose 'if' or 'lif'")


def _threshold(value: float | Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=torch.get_default_dtype()).detach().clone()


def _state(input_current: Tensor, membrane: Tensor | None) -> Tensor:
    if membrane is None:
        return torch.zeros_like(input_current)
    if membrane.shape != input_current.shape:
        raise ValueError(
            f"the membrane has shape {tuple(membrane.shape)}, the input {tuple(input_current.shape)}; "
            "reset the state when the batch or the frame changes"
        )
    return membrane


def _check_leak(leak_factor: float, leak_mode: str, leak: float | None) -> None:
    if leak_mode not in ("subtractive", "multiplicative"):
        raise ValueError(f"unknown leak_mode {leak_mode!r}; choose 'subtractive' or 'multiplicative'")
    if leak_factor < 0 or (leak is not None and leak < 0):
        raise ValueError(f"a leak may not be negative (leak_factor {leak_factor}, leak {leak})")
    if leak_mode == "multiplicative" and (leak_factor > 1 or leak is not None):
        raise ValueError("a multiplicative leak is beta = 1 - leak_factor with leak_factor in [0, 1]; leave out leak=")
