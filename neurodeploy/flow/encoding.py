"""A signal encoded as spikes and spikes decoded to a signal: what the verbs ``encode`` and ``decode`` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.atomic import write_files
from neurodeploy.encoding import OBJECTIVES, Coder, Encoded, coder_from_json, coder_json, make_coder
from neurodeploy.encoding.arrays import as_array
from neurodeploy.encoding.deployed import deploy
from neurodeploy.encoding.files import read_signal, time_columns, write_signal
from neurodeploy.encoding.plot import picture
from neurodeploy.encoding.tuning import Aim, Candidate
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.flow.outputs import check_apart
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.picture import drawing
from neurodeploy.reading import read_json
from neurodeploy.table import Table, dimensions

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Encoding:
    """A signal as spikes, with what decodes them and how well that works.

    - ``encoded``: spikes, coder and first values, as a file holds them. ``shape``: that of the signal.
    - ``measures``: by name, mean squared and absolute error and signal-to-noise ratio in dB where the coder has an
      inverse, and the density of spikes per sample.
    - ``front``: with several objectives, the coders that none beats in all of them.
    - ``files``: where results were written, by ``path`` (spikes), ``plot`` and ``encoder``.
    - ``findings``: warnings, such as a signal without a spike, or a column of times among the signals.
    """

    encoded: Encoded
    shape: tuple[int, ...]
    measures: Mapping[str, float]
    front: tuple[Candidate, ...]
    files: Mapping[str, Path | None]
    findings: tuple[Finding, ...] = ()

    @property
    def spikes(self) -> NDArray[np.int8]:
        """The spikes: 0 and 1, or -1, 0 and 1."""
        return self.encoded.spikes

    @property
    def coder(self) -> Any:
        """The coder with the parameters that were used."""
        return self.encoded.coder

    def decode(self) -> NDArray[np.float32]:
        """The signal of the spikes. Raises InputError where the coder has no inverse."""
        return self.encoded.decode()

    def to_json(self) -> dict[str, Any]:
        """The result as plain data, without its arrays."""
        finite = {name: value if np.isfinite(value) else None for name, value in self.measures.items()}
        return {
            "coder": coder_json(self.coder),
            "signal": list(self.shape),
            "shape": list(self.spikes.shape),
            "spikes": int(np.count_nonzero(self.spikes)),
            **finite,
            "front": [{"coder": coder_json(point.coder), **point.values} for point in self.front],
            **{name: None if path is None else str(path) for name, path in self.files.items()},
            "findings": [finding.to_json() for finding in self.findings],
        }

    def table(self) -> Table:
        """Parameters, shapes and measures by name."""
        rows = [(name, _text(value)) for name, value in coder_json(self.coder).items() if value is not None][1:]
        rows += [("signal", dimensions(self.shape)), ("shape", dimensions(self.spikes.shape))]
        rows += [("spikes", str(np.count_nonzero(self.spikes)))]
        rows += [(name, f"{value:.6g}" if np.isfinite(value) else "∞") for name, value in self.measures.items()]
        if len(self.front) > 1:
            rows.append(("Pareto front", f"{len(self.front)} coders; --json lists them"))
        return Table(self.coder.kind, ("name", "value"), rows)

    def __repr__(self) -> str:
        spikes = np.count_nonzero(self.spikes)
        return f"Encoding({self.coder.kind}, signal {dimensions(self.shape)}, {spikes} spikes)"

    def _repr_html_(self) -> str:
        return fragment(html_table(*self.table()), *(html_note(str(finding)) for finding in self.findings))


def encode(
    signal: Any,
    method: str = "step-forward",
    parameters: Mapping[str, Any] | None = None,
    *,
    coder: Coder | str | Path | None = None,
    optimize: bool = False,
    objective: Aim | Sequence[Aim] | None = None,
    trials: int = 100,
    seed: int = 0,
    array: str | None = None,
    out: str | Path | None = None,
    plot: str | Path | None = None,
    save_encoder: str | Path | None = None,
    bits: int = 16,
    progress: bool = False,
) -> Encoding:
    """Turn a signal into spikes, and keep with them what decodes them.

    - ``signal``: ``[T]``, ``[F, T]`` or ``[B, F, T]``, or a file of one (``.csv``, ``.npy``, ``.npz``); ``array``
      names the array of an ``.npz`` that holds several.
    - ``method`` and ``parameters``: the kind of coder and its parameters; or ``coder``, or a file of its JSON, whose
      parameters ``parameters`` replaces.
    - ``optimize``: look for the best parameters first, in ``trials`` trials for each signal; ``objective`` is ``mse``
      (default), ``mae``, ``density``, ``snr`` or a function; several give a Pareto front. ``seed`` is that of the
      search and of random spike trains.
    - ``out`` (``.npz``), ``plot`` (``.svg``, ``.png``, ``.pdf``) and ``save_encoder`` (``.json``, as ``export`` takes
      it, with samples of ``bits`` bits) are written, all or none.

    Raises InputError, UnavailableError where ``optimize`` or ``plot`` need an extra, EnvironmentFailureError.

    Example:
        >>> encoding = nd.encode(signal, "step-forward", {"threshold": 0.1})
        >>> encoding.spikes.shape == signal.shape
        True
    """
    named = {"path": out, "plot": plot, "encoder": save_encoder}
    files = {name: None if path is None else Path(path) for name, path in named.items()}
    _check_name(files["path"])
    check_apart(files.values(), {"signal": signal, "coder": coder})
    if objective and not optimize:
        raise InputError("is for --optimize", "--objective", "add --optimize, or leave it out")
    path = Path(signal) if isinstance(signal, str | Path) else None
    values = as_array(signal, "signal")[0] if path is None else read_signal(path, array)
    chosen = _coder(method, parameters or {}, coder).fit(values)
    options: dict[str, Any] = {"trials": trials, "seed": seed, "progress": progress}
    tuned = chosen.optimize(values, objective or "mse", **options) if optimize else None
    used = chosen if tuned is None else tuned.coder
    spikes = used.encode(values, generator=seed) if hasattr(used, "method") else used.encode(values)
    encoded = Encoded(spikes, used, values[..., 0].astype(np.float32))
    back = encoded.decode().reshape(values.shape) if _has_inverse(used) else None
    write_files(_writers(files, encoded, values, back, bits))
    front = () if tuned is None else tuned.front
    findings = tuple(_findings(path, values, encoded))
    return Encoding(encoded, values.shape, _measures(values, back, spikes), front, files, findings)


def decode(spikes: Encoding | Encoded | str | Path, out: str | Path | None = None) -> NDArray[np.float32]:
    """The signal of ``spikes`` that ``encode`` gave or wrote; also written to ``out`` (``.csv``, ``.npy``, ``.npz``).

    Raises InputError for files that ``encode`` did not write and coders without an inverse, EnvironmentFailureError.

    Example:
        >>> signal = nd.decode("heart.spikes.npz")
    """
    check_apart((out,), {"spikes": spikes})
    signal = (Encoded.load(Path(spikes)) if isinstance(spikes, str | Path) else spikes).decode()
    if out is not None:
        write_signal(Path(out), signal)
    return signal


def spikes_path(signal: Path) -> Path:
    """Where the spikes of a file of signals go unless another file is named."""
    return signal.parent / f"{signal.stem}.spikes.npz"


def _check_name(place: Path | None) -> None:
    if place is not None and place.suffix != ".npz":
        raise InputError(f"{place.suffix or 'a file without suffix'} is no .npz", str(place), "name it FILE.npz")


def _writers(
    files: Mapping[str, Path | None], encoded: Encoded, values: Array, back: Array | None, bits: int
) -> dict[Path, Callable[[IO[bytes]], object]]:
    """What writes each file, made before any of them is opened."""
    writers: dict[Path, Callable[[IO[bytes]], object]] = {}
    if (path := files["path"]) is not None:
        writers[path] = encoded.write
    if (path := files["plot"]) is not None:
        writers[path] = _drawing(values, encoded.spikes, back, path)
    if (path := files["encoder"]) is not None:
        writers[path] = deploy(encoded.coder, values, bits).write
    return writers


def _coder(method: str, parameters: Mapping[str, Any], coder: Coder | str | Path | None) -> Any:
    if coder is None:
        return make_coder(method, parameters, f"method {method}")
    where, data = "coder", coder
    if isinstance(coder, str | Path):
        where, data = str(coder), _read_json(Path(coder))
    else:
        data = coder_json(coder)
    return coder_from_json({**data, **parameters}, where)


def _read_json(path: Path) -> Mapping[str, Any]:
    remedy = "give JSON, as encode --json shows it"
    document = read_json(path, dict[str, Any], "cannot read the coder", remedy)
    data = document.get("coder", document)
    if not isinstance(data, dict):
        raise InputError("describes no coder", str(path), remedy)
    return data


def _findings(path: Path | None, values: Array, encoded: Encoded) -> Iterator[Finding]:
    """Warnings about a signal read from ``path``, and about its spikes."""
    where = "signal" if path is None else str(path)
    for column in () if path is None else time_columns(path, values):
        message = f"{column} looks like a column of times, and is encoded as a signal"
        yield Finding("time-column", "warning", where, message, "remove it from the file if it is no signal")
    if not np.any(encoded.spikes):
        remedy = "choose parameters that suit the signal, e.g. a lower threshold, or --optimize"
        yield Finding("no-spikes", "warning", where, f"{encoded.coder.kind} gives no spike for this signal", remedy)


def _has_inverse(coder: Any) -> bool:
    return hasattr(coder, "decode") and getattr(coder, "order", None) != "rank"


def _measures(values: Array, back: Array | None, spikes: Array) -> dict[str, float]:
    names = ("density",) if back is None else ("mse", "mae", "snr", "density")
    rebuilt = values if back is None else back
    return {name: OBJECTIVES[name].measure(values, rebuilt, spikes) for name in names}


def _drawing(values: Array, spikes: Array, back: Array | None, path: Path) -> Callable[[IO[bytes]], None]:
    if values.ndim > 2:
        raise InputError("a batch is not drawn", "--plot", "leave it out, or encode one at a time")
    return drawing(picture(values, spikes, back), path)


def _text(value: Any) -> str:
    return ", ".join(f"{x:.6g}" for x in value) if isinstance(value, tuple) else str(value)
