"""Options that several verbs share: each group is written once, as a dataclass whose fields are the options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

Verb = Callable[..., None]


def with_blocks(verb: Verb) -> Verb:
    """The verb as typer reads it: a parameter that is a dataclass becomes its fields, one option for each.

    The verb itself is called with the dataclass, filled from those options.
    """
    hints = get_type_hints(verb, include_extras=True)
    blocks = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}
    parameters: list[Parameter] = []
    for name, parameter in signature(verb).parameters.items():
        if name in blocks:
            parameters += _options_of(blocks[name])
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))

    @wraps(verb)
    def call(**values: Any) -> None:
        filled = {name: _take(block, values) for name, block in blocks.items()}
        verb(**values, **filled)

    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _options_of(block: type) -> list[Parameter]:
    hints = get_type_hints(block, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(block)
    ]


def _take(block: type, values: dict[str, Any]) -> Any:
    """The block, with what is its own removed from ``values``."""
    return block(**{field.name: values.pop(field.name) for field in fields(block)})
