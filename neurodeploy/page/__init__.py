"""A self-contained page: a frame with its style and scripts, data, and arrays packed into it.

It opens from a disk without a network, and nothing in it loads anything from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from neurodeploy.foreign import shown
from neurodeploy.html import STYLE, escape
from neurodeploy.page.arrays import Packed

SCRIPTS = "data.js", "graph.js", "raster.js", "membrane.js", "tables.js", "main.js"


def page(title: str, parts: Mapping[str, str], data: Mapping[str, Any], arrays: Packed) -> str:
    """The page.

    ``parts``: pieces of HTML by the name they have in ``frame.html``. ``data``: what the scripts draw, plain data with
    references into ``arrays``; every text in it is shown as it is, never as markup.
    """
    filled = {
        **parts,
        "title": escape(title),
        "style": STYLE + _file("page.css"),
        "glossary": _file("glossary.html"),
        "script": "\n".join(map(_file, SCRIPTS)),
        "data": _embedded(data),
        "arrays": arrays.text(),
    }
    text = _file("frame.html")
    pieces = text.split("@@")  # names stand between pairs of at signs
    return "".join(piece if number % 2 == 0 else filled[piece] for number, piece in enumerate(pieces))


def _embedded(data: Mapping[str, Any]) -> str:
    """The data as JSON that no HTML parser takes for the end of its script."""
    return json.dumps(_visible(data), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _visible(value: Any) -> Any:
    """Plain data with every character that shows nothing written out."""
    if isinstance(value, str):
        return shown(value, lines=True)
    if isinstance(value, Mapping):
        return {shown(str(key)): _visible(item) for key, item in value.items()}
    return [_visible(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def _file(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")
