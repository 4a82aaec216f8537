"""A matplotlib figure with a text that says what it shows, for those who cannot see it; notebooks show both."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from neurodeploy.errors import InputError
from neurodeploy.extras import need

DOTS_PER_INCH = 96
"""Of a figure as a notebook shows it."""


def new_picture(width: float, height: float, where: str) -> Any:
    """An empty figure of that many inches, white on any page; its attribute ``alt`` says in words what it shows.

    A notebook that ends a cell with it shows it as an image whose ``alt`` stands beside it, in the output's metadata.
    Raises UnavailableError, which names ``where``, without matplotlib (extra: plot).
    """
    return _picture_class(where)((width, height), layout="constrained", facecolor="white")


METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""Suffixes of files that pictures are written to, and what of the maker and the day is left out of each."""
ALT = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}
"""The field of each that says in words what the picture shows."""


def check_drawable(path: Path, where: str) -> None:
    """Raises InputError for another suffix, UnavailableError, which names ``where``, without matplotlib."""
    if path.suffix.lower() not in METADATA:
        raise InputError(f"cannot draw {path.suffix or 'a file without suffix'}", str(path), "write .svg, .png or .pdf")
    need("matplotlib.figure", "plot", where)


def drawing(figure: Any, path: Path) -> Callable[[IO[bytes]], None]:
    """What writes a figure into an open file, as the suffix of ``path`` says; the same figure gives the same bytes.

    Its ``alt`` text stands in the file's metadata. Raises InputError for another suffix.
    """
    check_drawable(path, str(path))
    kind = path.suffix.lower()
    rc_context = need("matplotlib", "plot", str(path)).rc_context
    metadata = METADATA[kind] | ({ALT[kind]: figure.alt} if getattr(figure, "alt", "") else {})

    def write(file: IO[bytes]) -> None:
        with rc_context({"svg.hashsalt": "neurodeploy"}):
            figure.savefig(file, format=kind.removeprefix("."), dpi=120, metadata=metadata)

    return write


def _picture_class(where: str) -> Any:
    return _derived(need("matplotlib.figure", "plot", where).Figure)


@cache
def _derived(figure_class: Any) -> Any:
    class Picture(figure_class):  # only made where matplotlib is there
        """A ``matplotlib.figure.Figure`` that a notebook shows with its ``alt`` text."""

        alt: str = ""

        def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
            out = BytesIO()
            self.savefig(out, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
            image = b64encode(out.getvalue()).decode()
            return {"image/png": image, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}

    return Picture
