"""Stimuli: from a file, from the model's own maker, or seeded noise."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events import is_recording
from neurodeploy.finding import Finding
from neurodeploy.flow.signals import beside, default_signal, encoded, read_signals, signal_findings
from neurodeploy.network.network import Network
from neurodeploy.trace import UNREADABLE

Arrays = dict[str, NDArray[Any]]
NOISE_RATE, NOISE_STEPS = 0.1, 100


def open_stimulus(
    stimulus: Mapping[str, Any] | str | Path | None,
    network: Network,
    steps: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    batch: bool = False,
) -> Arrays:
    """A stimulus from arrays, from a file, or the network's default one."""
    if stimulus is None:
        return fit_stimulus(default_stimulus(network, steps, samples, seed), network, "stimulus")
    if isinstance(stimulus, str | Path):
        return read_stimulus(Path(stimulus), network, batch)
    return fit_stimulus(stimulus, network, "stimulus", batch)


def origin_of(stimulus: object | None, network: Network) -> str:
    """Where ``open_stimulus`` has a stimulus from, in words for a report."""
    if stimulus is not None:
        return "given"
    if network.host.pre is not None:
        return "seeded waves"
    own = network.source is not None and network.source.stimulus is not None
    return "the model's own" if own else f"seeded noise ({100 * NOISE_RATE:.0f} %)"


def read_stimulus(path: Path, network: Network, batch: bool = False) -> Arrays:
    """Arrays by input name as ``(B, T, *shape)``; ``labels`` are kept where the file has them.

    ``input`` suffices as a name when there is one input. Without ``batch`` arrays are ``(T, *shape)``; a
    further leading axis is taken as a batch. Raises InputError for damaged files and shapes that do not fit.
    """
    if network.host.pre is not None:
        return read_signals(path, network, batch)
    if is_recording(path):
        frames = "{'input': Frames(window='10ms').read(open_events(path))}"
        raise InputError("is a recording of events", str(path), f"give its frames, from neurodeploy.events: {frames}")
    try:
        # Opened as an archive first: numpy takes what is none for a pickle, and says so.
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise InputError("there is no such file", str(path), "check the path") from error
    except UNREADABLE as error:
        remedy = "write one array per input with numpy.savez"
        raise InputError(f"not a readable stimulus (.npz): {error}", str(path), remedy) from error
    return fit_stimulus(arrays, network, str(path), batch)


def fit_stimulus(arrays: Mapping[str, Any], network: Network, where: str, batch: bool = False) -> Arrays:
    """The same arrays with sample axis, checked against the network's inputs; a signal through its encoder.

    Raises InputError.
    """
    if network.host.pre is not None and not all(key in arrays for key in beside(network)):
        return encoded(arrays, network, where, batch)
    names = network.input_names
    given = {name: np.asarray(array) for name, array in arrays.items()}
    if len(names) == 1 and names[0] not in given and "input" in given:
        given[names[0]] = given.pop("input")
    fitted: Arrays = {}
    for name in names:
        if name not in given:
            raise InputError(f"has no array for the input {name!r}; it has {sorted(given)}", where, "add it")
        fitted[name] = _fit(given[name], network.shapes[name], name, where, batch)
    if len({array.shape[:2] for array in fitted.values()}) > 1:
        raise InputError("its inputs differ in samples or steps", where, "give every input the same number")
    if "labels" in given:
        fitted["labels"] = np.atleast_1d(given["labels"])
    return fitted | {key: given[key] for key in beside(network)}


def default_stimulus(network: Network, steps: int | None = None, samples: int | None = None, seed: int = 0) -> Arrays:
    """A signal for an encoder; else the model's own stimulus, else seeded Bernoulli input at 10 %."""
    if network.host.pre is not None:
        return default_signal(network, steps, samples, seed)
    if network.source is not None and network.source.stimulus is not None:
        return network.source.stimulus(steps, samples, seed)
    rng = np.random.default_rng(seed)
    lead = (samples or 1, steps or NOISE_STEPS)
    noise: Arrays = {}
    for name in network.input_names:
        values = network.input_range(name)
        spikes = rng.random((*lead, *network.shapes[name])) < NOISE_RATE
        noise[name] = spikes.astype(np.float32) * np.float32(values.high)
    return noise


def stimulus_findings(stimulus: Mapping[str, NDArray[Any]], network: Network) -> tuple[Finding, ...]:
    """A warning for every input whose values its declared range does not hold: the integers clip and round them."""
    found = [*signal_findings(stimulus, network)]
    for name in network.input_names:
        array = stimulus[name]
        span = network.input_range(name)
        low, high = float(array.min()), float(array.max())
        wrong: list[str] = []
        if low < span.low or high > span.high:
            wrong.append(f"reaches from {low:g} to {high:g}, declared is {span.low:g} to {span.high:g}")
        if span.grid is not None and not np.allclose(array / span.grid, np.rint(array / span.grid), atol=1e-3):
            wrong.append(f"has values between the declared steps of {span.grid:g}")
        found += [Finding("stimulus-range", "warning", name, f"the stimulus {each}", _DECLARE) for each in wrong]
    return tuple(found)


_DECLARE = "scale the stimulus, or declare the input as it is (--input-range for your own network)"


def inputs_only(stimulus: Mapping[str, NDArray[Any]], network: Network) -> Arrays:
    """The arrays of the inputs, and what an encoder made them of; without labels."""
    return {name: stimulus[name] for name in (*network.input_names, *beside(network))}


def _fit(array: NDArray[Any], shape: tuple[int, ...], name: str, where: str, batch: bool) -> NDArray[Any]:
    wanted = ", ".join(map(str, shape))
    lead = array.ndim - len(shape)
    if array.shape[lead:] != shape or lead not in (1, 2) or (batch and lead != 2):
        form = "(B, T, {})" if batch else "(T, {})"
        raise InputError(
            f"array {name!r} has shape {array.shape}, the input needs {form.format(wanted)}",
            where,
            "reshape it; several samples go on a leading axis with --batch",
        )
    if 0 in array.shape or array.dtype.kind not in "biuf":
        what = f"array {name!r} is empty or holds no real numbers ({array.dtype} of shape {array.shape})"
        raise InputError(what, where, "give at least one step of real numbers")
    if not np.all(np.isfinite(array)):
        raise InputError(f"array {name!r} holds NaN or infinity", where, "repair the stimulus")
    return array[None] if lead == 1 else array
