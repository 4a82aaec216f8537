"""Deployed encoders: a coder with the range and the width of its samples fixed, whatever a signal does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.atomic import write_file
from neurodeploy.encoding.arrays import as_array, rows_of
from neurodeploy.encoding.parameters import Parameter, fields_of, shown
from neurodeploy.encoding.ranges import check_range, measured
from neurodeploy.encoding.store import CODERS, make_coder
from neurodeploy.errors import InputError, choices
from neurodeploy.html import fragment, html_table
from neurodeploy.reading import read_json

FORMAT = 1
KEYS = ("format", "coder", "low", "high", "bits")
RANGE = ("low", "high")
LEAST_BITS, MOST_BITS = 2, 16


@dataclass(frozen=True)
class DeployedEncoder:
    """A deterministic coder, and what stands for a sample on the target: a whole number of ``bits``, without sign.

    ``low`` and ``high`` are 0 and ``2**bits - 1``, one pair for all signals or one per signal; a coder that knows a
    range has this one. Values between are rounded to the nearest, values beyond are cut off. Raises InputError for
    random trains, for a range without width, and for what no stream can do.
    """

    coder: Any
    low: Parameter
    high: Parameter
    bits: int = 16

    def __post_init__(self) -> None:
        low, high = check_range(self.low, self.high)
        if low is None or high is None or (np.asarray(low) >= np.asarray(high)).any():
            raise InputError("the range of the samples has no width", "low, high", "give low < high, for every signal")
        integer = isinstance(self.bits, int) and not isinstance(self.bits, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not integer or not LEAST_BITS <= self.bits <= MOST_BITS:
            reason = f"{self.bits!r} is no whole number from {LEAST_BITS} to {MOST_BITS}"
            raise InputError(reason, "bits", "give the width of a sample, as the converter has it")
        if getattr(self.coder, "method", "deterministic") != "deterministic":
            reason = f"{self.coder.kind} with method {self.coder.method!r} draws random numbers"
            raise InputError(
                reason, "coder", 'give method "deterministic": a deployed encoder gives the same every time'
            )
        if getattr(self.coder, "order", "time") != "time":
            reason = f"{self.coder.kind} with order {self.coder.order!r} compares all signals with each other"
            raise InputError(reason, "coder", 'give order "time"')
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if hasattr(self.coder, "low"):
            object.__setattr__(self, "coder", replace(self.coder, low=low, high=high))
        _ = self.declared

    def __repr__(self) -> str:
        span = f"{shown(self.low)} to {shown(self.high)}"
        return f"DeployedEncoder({self.coder!r}, samples of {self.bits} bits from {span})"

    def _repr_html_(self) -> str:
        rows = [("method", self.coder.kind), *((name, shown(value)) for name, value in fields_of(self.coder).items())]
        rows += [("samples", f"{self.bits} bits, {shown(self.low)} to {shown(self.high)}")]
        return fragment(html_table("deployed encoder", ("", ""), [row for row in rows if row[0] not in RANGE]))

    @property
    def top(self) -> int:
        """The largest sample."""
        return (1 << self.bits) - 1

    @property
    def declared(self) -> int | None:
        """How many signals its parameters are for; None where they are the same for any number."""
        parameters = (*fields_of(self.coder).values(), self.low, self.high)
        lengths = {len(value) for value in parameters if isinstance(value, tuple)}
        several = lengths - {1}
        if len(several) > 1:
            listed = " and ".join(map(str, sorted(several)))
            raise InputError(f"its parameters are for {listed} signals", "coder", "give one for all, or one per signal")
        return next(iter(several or lengths), None)

    def ends(self, features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Low and high end of each signal."""
        low, high = (np.broadcast_to(np.asarray(end, np.float64), (features,)) for end in (self.low, self.high))
        return low, high

    def samples(self, signal: Any) -> NDArray[np.int64]:
        """The whole numbers ``(B, T, F)`` that stand for a signal ``[T]``, ``[F, T]`` or ``[B, F, T]``.

        ``y = (x - low) * ((2**bits - 1) / (high - low))`` and then ``floor(y + 0.5)``, in double precision.
        """
        batch, features, steps = rows_of(signal).values.shape
        exact = as_array(signal, "signal")[0].reshape(batch, features, steps).astype(np.float64)
        values = np.moveaxis(exact, 1, 2)
        low, high = self.ends(features)
        scaled = np.clip((values - low) * (self.top / (high - low)), 0, self.top)
        return np.floor(scaled + 0.5).astype(np.int64)

    def encode(self, signal: Any) -> NDArray[np.int64]:
        """What the coder itself sends for a signal, as unsigned channels ``(B, T * steps, channels)``.

        Spikes of two signs are as ``split`` has them: all signals up, then all down.
        """
        spikes = np.asarray(self.coder.encode(rows_of(signal).values)).astype(np.int64)
        if getattr(self.coder, "bipolar", False):
            spikes = np.concatenate((np.maximum(spikes, 0), np.maximum(-spikes, 0)), axis=1)
        return np.moveaxis(spikes, 1, 2)

    def to_json(self) -> dict[str, Any]:
        """Everything it is, as plain data."""
        parameters = {name: value for name, value in fields_of(self.coder).items() if name not in RANGE}
        settings = {"format": FORMAT, "coder": {"kind": self.coder.kind, **parameters}, "bits": self.bits}
        return settings | {"low": self.low, "high": self.high}

    def save(self, path: Path) -> None:
        """Write ``encoder.json``. Raises EnvironmentFailureError."""
        write_file(path, self.write)

    def write(self, file: IO[bytes]) -> None:
        """Write ``encoder.json`` into an open file."""
        file.write((json.dumps(self.to_json(), indent=1) + "\n").encode())


def deploy(coder: Any, signal: Any, bits: int = 16) -> DeployedEncoder:
    """A coder deployed for signals like this one: its range, which ``fit`` measured, else that of the signal."""
    fitted = coder.fit(signal)
    low, high = measured(signal) if getattr(fitted, "low", None) is None else (fitted.low, fitted.high)
    return DeployedEncoder(fitted, low, high, bits)


def deployed_from_json(data: Any, where: str) -> DeployedEncoder:
    """The deployment that ``to_json`` told of. Raises InputError for missing, unknown and wrong values."""
    remedy = "write it with neurodeploy encode --save-encoder"
    if not isinstance(data, Mapping) or not isinstance(data.get("coder"), Mapping):
        raise InputError("describes no encoder", where, remedy)
    _check_format(data.get("format", FORMAT), where, remedy)
    _only(data, KEYS, where, remedy)
    parameters = dict(data["coder"])
    kind = parameters.pop("kind", None)
    if not isinstance(kind, str) or kind not in CODERS:
        raise InputError(f"unknown method {kind!r}", where, choices(kind, CODERS))
    known = [field.name for field in fields(CODERS[kind])]
    ends = {name: data[name] for name in RANGE}
    for name in RANGE:
        if parameters.get(name) is not None and parameters[name] != ends[name]:
            raise InputError(f"the coder has another {name} than the samples", where, "give the range once")
        parameters.pop(name, None)
    _only(parameters, [name for name in known if name not in RANGE], f"{where}: coder", remedy)
    try:
        coder = make_coder(kind, parameters | (ends if "low" in known else {}), where)
        return DeployedEncoder(coder, ends["low"], ends["high"], data["bits"])
    except InputError as error:
        raise InputError(
            error.what, where if error.where == where else f"{where}: {error.where}", error.remedy
        ) from error


def read_deployed(path: Path) -> DeployedEncoder:
    """The encoder in a file. Raises InputError."""
    remedy = "give the JSON that neurodeploy encode --save-encoder wrote"
    return deployed_from_json(read_json(path, dict[str, Any], "describes no encoder", remedy), str(path))


def _check_format(version: Any, where: str, remedy: str) -> None:
    """Before all else: a newer format may have other keys."""
    if isinstance(version, int) and version > FORMAT:
        reason = f"its format is {version}, this version of neurodeploy reads {FORMAT}"
        raise InputError(reason, where, f"update neurodeploy, or {remedy} of this version")
    if version != FORMAT:
        raise InputError(f"its format {version!r} is not {FORMAT}", where, remedy)


def _only(data: Mapping[str, Any], names: Any, where: str, remedy: str) -> None:
    missing = [name for name in names if name not in data]
    strange = sorted(str(name) for name in data if name not in names)
    if missing:
        raise InputError(f"misses {', '.join(missing)}", where, remedy)
    if strange:
        raise InputError(f"has an unknown key {strange[0]!r}", where, f"it has: {', '.join(names)}")
