"""A matplotlib figure with a text that says what it shows, for those who cannot see it; notebooks show both."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from io import BytesIO
from typing import Any

from neurodeploy.extras import need

DOTS_PER_INCH = 96
"""Of a figure as a notebook shows it."""


def new_picture(width: float, height: float, where: str) -> Any:
    """An empty figure of that many inches, white on any page; its attribute ``alt`` says in words what it shows.

    A notebook that ends a cell with it shows it as an image whose ``alt`` stands beside it, in the output's metadata.
    Raises UnavailableError, which names ``where``, without matplotlib (extra: plot).
    """
    return _picture_class(where)((width, height), layout="constrained", facecolor="white")


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
