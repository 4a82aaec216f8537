"""Nodes, fields and edges: what NIR does not know, what is missing, and edges that lead nowhere or stand twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np

from neurodeploy.network.raw import FIELDS, Raw, RawNode
from neurodeploy.profiles.notice import Notice, notice

NOTHING = "none: the network cannot be built"
DEFAULTS = {"v_reset": 0.0, "w_in": 1.0}


def check_nodes(raw: Raw) -> list[Notice]:
    """Unknown types, missing and unknown fields."""
    found: list[Notice] = []
    for name, node in raw.nodes.items():
        if not name or "/" in name:
            found.append(
                notice("node-name", "error", name, f"the name {name!r} cannot stand in a file", NOTHING, "rename it")
            )
        if node.kind not in FIELDS:
            what = f"its type {node.kind!r} is no node of NIR 1.0.8" if node.kind else "it has no type"
            found.append(notice("unknown-type", "error", name, what, NOTHING, "express it by nodes of NIR"))
            continue
        found += _fields(name, node)
    return found


def _fields(name: str, node: RawNode) -> list[Notice]:
    needed, optional = FIELDS[node.kind]
    found = [
        notice("missing-field", "error", name, f"a {node.kind} without {key}", NOTHING, "export the network again")
        for key in needed
        if node.fields.get(key) is None
    ]
    for key in node.fields.keys() - {*needed, *optional}:
        what = f"NIR 1.0.8 has no field {key!r} in a {node.kind}, and its reader rejects the file"
        found.append(
            notice(
                "unknown-field",
                "warning",
                name,
                what,
                "none: it is left out",
                "remove it",
                partial(_without, name, key),
            )
        )
    for key, default in DEFAULTS.items():
        if key in optional and node.fields.get(key) is None:
            what = f"it has no {key}, as files of nir before 1.0.5 have none: NIR's default, {default:g}, holds"
            effect = "another value was lost if the network had one"
            found.append(
                notice(
                    f"no-{key.replace('_', '-')}", "info", name, what, effect, f"write {key}", partial(_fill, name, key)
                )
            )
    if "bias" in optional and node.fields.get("bias") is None:
        what = "it has no bias, which nir cannot write"
        found.append(
            notice("no-bias", "info", name, what, "none: it is read as 0", "write zeros", partial(_zeros, name))
        )
    return found


def _without(name: str, key: str, raw: Raw) -> Raw:
    node = raw.nodes[name]
    return raw.put(name, replace(node, fields={k: v for k, v in node.fields.items() if k != key}))


def _fill(name: str, key: str, raw: Raw) -> Raw:
    node = raw.nodes[name]
    like = next((v for k in ("v_threshold", "v_leak", "r") if (v := node.number(k)) is not None), np.zeros(1))
    return raw.change(name, **{key: np.full_like(like, DEFAULTS[key])})


def _zeros(name: str, raw: Raw) -> Raw:
    weight = raw.nodes[name].number("weight")
    return raw if weight is None or not weight.ndim else raw.change(name, bias=np.zeros(len(weight), weight.dtype))


def check_edges(raw: Raw) -> list[Notice]:
    """Dangling and double edges, edges into an Input, a missing Input or Output, nodes that receive or feed nothing."""
    found: list[Notice] = []
    for edge, count in Counter(raw.edges).items():
        a, b = edge
        missing = [end for end in edge if end not in raw.nodes]
        if missing:
            what = f"the edge {a} -> {b} ends nowhere: there is no {missing[0]!r}"
            found.append(notice("dangling-edge", "error", "graph", what, NOTHING, "remove it", partial(_drop, edge, 0)))
        elif raw.nodes[b].kind == "Input":
            what = f"the edge {a} -> {b} ends at an Input"
            found.append(
                notice("edge-into-input", "error", "graph", what, NOTHING, "remove it", partial(_drop, edge, 0))
            )
        if count > 1:
            what = f"the edge {a} -> {b} stands {count} times"
            effect = f"either {count} times the drive or once: readers differ"
            found.append(notice("duplicate-edge", "error", "graph", what, effect, "keep one", partial(_drop, edge, 1)))
    return found + _ports(raw)


def _drop(edge: tuple[str, str], keep: int, raw: Raw) -> Raw:
    kept = [each for each in raw.edges if each != edge]
    return replace(raw, edges=(*kept, *[edge] * keep))


def _ports(raw: Raw) -> list[Notice]:
    kinds = [node.kind for node in raw.nodes.values()]
    found: list[Notice] = []
    if "Input" not in kinds:
        found.append(
            notice("no-input", "error", "graph", "has no Input node", NOTHING, "add one with the stimulus's shape")
        )
    if "Output" not in kinds:
        what, effect = "has no Output node", "all nodes run; nothing says which is the result"
        found.append(notice("no-output", "warning", "graph", what, effect, "add one behind the last neuron"))
    for name, node in raw.nodes.items():
        if node.kind != "Input" and not raw.sources(name):
            what = "nothing leads to it"
            found.append(
                notice(
                    "unfed", "warning", name, what, "it sees no input; only its bias drives it", "connect or remove it"
                )
            )
        if node.kind != "Output" and not raw.targets(name):
            found.append(
                notice("unheard", "info", name, "it leads nowhere", "none: nothing hears it", "connect or remove it")
            )
    return found
