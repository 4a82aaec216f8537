"""Nodes and their fields: names, types that NIR does not know, and what is missing or left over."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from neurodeploy.finding import Finding
from neurodeploy.network.raw import FIELDS, Raw, RawNode
from neurodeploy.network.rules.edges import NOT_BUILT

DEFAULTS = {"v_reset": 0.0, "w_in": 1.0}


def check_names(raw: Raw) -> list[Finding]:
    """Names that cannot stand in a file."""
    message = "the name {!r} cannot stand in a file"
    remedy = "give the node a name without a slash"
    bad = [name for name in raw.nodes if not name or "/" in name]
    return [Finding("node-name", "error", name, message.format(name), remedy, NOT_BUILT) for name in bad]


def check_fields(raw: Raw) -> list[Finding]:
    """Unknown types, missing and unknown fields."""
    findings: list[Finding] = []
    for name, node in raw.nodes.items():
        if node.kind in FIELDS:
            findings += [*_missing(name, node), *_unknown(name, node), *_defaults(name, node)]
            continue
        message = f"its type {node.kind!r} is no node of NIR 1.0.8" if node.kind else "it has no type"
        findings.append(Finding("unknown-type", "error", name, message, "express it by nodes of NIR", NOT_BUILT))
    return findings


def _missing(name: str, node: RawNode) -> list[Finding]:
    needed, _ = FIELDS[node.kind]
    return [
        Finding("missing-field", "error", name, f"a {node.kind} without {key}", "export the network again", NOT_BUILT)
        for key in needed
        if node.fields.get(key) is None
    ]


def _unknown(name: str, node: RawNode) -> list[Finding]:
    needed, optional = FIELDS[node.kind]
    message = "NIR 1.0.8 has no field {!r} in a {}, and its reader rejects the file"
    effect = "none: it is left out"
    return [
        Finding(
            "unknown-field",
            "warning",
            name,
            message.format(key, node.kind),
            "remove it",
            effect,
            partial(_without, name, key),
        )
        for key in node.fields.keys() - {*needed, *optional}
    ]


def _defaults(name: str, node: RawNode) -> list[Finding]:
    """What NIR documents a default for."""
    _, optional = FIELDS[node.kind]
    findings: list[Finding] = []
    for key, default in DEFAULTS.items():
        if key in optional and node.fields.get(key) is None:
            message = f"it has no {key}, as files of nir before 1.0.5 have none: NIR's default, {default:g}, holds"
            effect = "another value was lost if the network had one"
            slug, repair = f"no-{key.replace('_', '-')}", partial(_fill, name, key)
            findings.append(Finding(slug, "info", name, message, f"write {key}", effect, repair))
    if "bias" in optional and node.fields.get("bias") is None:
        message, effect = "it has no bias, which nir cannot write", "none: it is read as 0"
        findings.append(Finding("no-bias", "info", name, message, "write zeros", effect, partial(_zeros, name)))
    return findings


def _without(name: str, key: str, raw: Raw) -> Raw:
    node = raw.nodes[name]
    return raw.put(name, replace(node, fields={k: value for k, value in node.fields.items() if k != key}))


def _fill(name: str, key: str, raw: Raw) -> Raw:
    node = raw.nodes[name]
    like = next((v for k in ("v_threshold", "v_leak", "r") if (v := node.number(k)) is not None), np.zeros(1))
    return raw.change(name, **{key: np.full_like(like, DEFAULTS[key])})


def _zeros(name: str, raw: Raw) -> Raw:
    weight = raw.nodes[name].number("weight")
    return raw if weight is None or not weight.ndim else raw.change(name, bias=np.zeros(len(weight), weight.dtype))
