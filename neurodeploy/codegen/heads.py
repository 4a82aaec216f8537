"""The host side of a program in C, exact in integers: quantizers of the inputs, and spike counts with their argmax.

- ``<prefix>_quantize_<input>(values, sent)`` is ``clip(round_half_even(x * 2**scale))`` of IEEE 754 doubles. It is
  computed from their bits in integers alone, so it needs no floating-point unit and no rounding mode. It returns 1, or
  0, and writes nothing, where a value is NaN or infinite.
- ``<prefix>_count(counts, sent)`` adds one step's output of the head's node to 64-bit counts.
- ``<prefix>_argmax(counts)`` is the index of the largest count, the lowest one of several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from neurodeploy.codegen.integer_types import literal, stored_type
from neurodeploy.codegen.names import identifiers
from neurodeploy.errors import InputError
from neurodeploy.host import Head
from neurodeploy.integers import INT32, INT64, UINT32, IntegerType
from neurodeploy.program.population import Input
from neurodeploy.step.plan import Plan

EXACT_BITS = 53
"""Bits that a double holds exactly. The definition rounds in doubles, so wider inputs have no quantizer in integers."""

QUANTIZE = """
/* The doubles' bits are read as integers: IEEE 754 binary64 is taken for granted. */
typedef union { double value; uint64_t bits; } nd_double;
typedef char nd_double_has_64_bits[sizeof(double) == sizeof(uint64_t) ? 1 : -1];

/* x * 2^scale rounded half to even, between low and high, for the bits of a finite x. */
static int64_t nd_quantized(uint64_t bits, int32_t scale, int64_t low, int64_t high) {
  const int32_t field = (int32_t)(bits >> 52 & 0x7ff);
  const int negative = bits >> 63 != 0;
  const uint64_t most = negative ? UINT64_C(0) - (uint64_t)low : (uint64_t)high;
  const int32_t by = 1075 - scale - (field > 0 ? field : 1);
  uint64_t whole = (bits & UINT64_C(0xfffffffffffff)) | (field > 0 ? UINT64_C(1) << 52 : 0);
  if (whole == 0 || by > 53) return 0;
  if (by > 0) {
    const uint64_t rest = whole & ((UINT64_C(1) << by) - 1);
    const uint64_t half = UINT64_C(1) << (by - 1);
    whole >>= by;
    if (rest > half || (rest == half && (whole & 1) == 1)) whole++;
  } else if (by < -10 || whole > most >> -by) {
    return negative ? low : high;
  } else {
    whole <<= -by;
  }
  if (whole > most) return negative ? low : high;
  return negative ? -(int64_t)whole : (int64_t)whole;
}
"""


@dataclass(frozen=True)
class Heads:
    """The host side of a program in C.

    - ``header``, ``source``: declarations and definitions.
    - ``quantizers``: function by input; ``counts``: the node whose spikes are counted, if any.
    - ``left_out``: in words, the head that is not rendered, if any.
    """

    header: str
    source: str
    quantizers: dict[str, str]
    counts: str | None
    left_out: str | None


def heads(plan: Plan, prefix: str) -> Heads:
    """The host side of a plan's program in C.

    A head that is not made of integers, or whose node is no output of the step, is left out. Raises InputError for an
    input wider than a double holds exactly.
    """
    program = plan.program
    named = _named(program.inputs)
    header: list[str] = []
    source = [QUANTIZE] if program.inputs else []
    functions = {node.name: f"{prefix}_quantize_{named[node.name]}" for node in program.inputs}
    for node in program.inputs:
        if node.bits > EXACT_BITS:
            raise InputError(f"{node.bits} bits are more than a float holds", f"input {node.name}", "quantize coarser")
        header.append(_quantizer_head(node, functions[node.name], _type(plan, node.name)) + ";")
        source.append(_quantizer(node, functions[node.name], _type(plan, node.name)))
    post = program.host.post
    counts = post.node if post is not None and _countable(plan, post) else None
    if counts is not None:
        header.append(f"void {_count_head(plan, counts, prefix)};\nint32_t {prefix}_argmax(const int64_t *counts);")
        source.append(_counts(plan, counts, prefix))
    left_out = None if post is None or counts is not None else f"the head {post.kind} of {post.node}"
    return Heads("\n".join(["", *header, ""]), "".join(source), functions, counts, left_out)


def _countable(plan: Plan, post: Head) -> bool:
    """Whether a head counts spikes of an output, and 64 bits hold the counts: its messages have at most 32 bits."""
    if post.kind != "spike-count-argmax" or post.node not in plan.program.outputs:
        return False
    sender = plan.senders[post.node]
    return INT32.low <= sender.low and sender.high <= UINT32.high


def _named(inputs: tuple[Input, ...]) -> dict[str, str]:
    """The inputs' names where all of them are identifiers in C already, else names made for them."""
    plain = all(re.fullmatch(r"[A-Za-z0-9_]{1,40}", node.name) for node in inputs)
    return {node.name: node.name for node in inputs} if plain else identifiers(node.name for node in inputs)


def _type(plan: Plan, name: str) -> IntegerType:
    return stored_type(plan.senders[name].low, plan.senders[name].high)


def _size(plan: Plan, name: str) -> int:
    return plan.program.node(name).size


def _quantizer_head(node: Input, function: str, kind: IntegerType) -> str:
    return f"int {function}(const double *values, {kind.name} *sent)"


def _quantizer(node: Input, function: str, kind: IntegerType) -> str:
    low, high = literal(node.output.low, INT64), literal(node.output.high, INT64)
    return f"""
{_quantizer_head(node, function, kind)} {{
  for (int32_t i = 0; i < {node.size}; i++) {{
    nd_double x;
    x.value = values[i];
    if ((x.bits >> 52 & 0x7ff) == 0x7ff) return 0;
  }}
  for (int32_t i = 0; i < {node.size}; i++) {{
    nd_double x;
    x.value = values[i];
    sent[i] = ({kind.name})nd_quantized(x.bits, {node.scale}, {low}, {high});
  }}
  return 1;
}}
"""


def _count_head(plan: Plan, node: str, prefix: str) -> str:
    return f"{prefix}_count(int64_t *counts, const {_type(plan, node).name} *sent)"


def _counts(plan: Plan, node: str, prefix: str) -> str:
    size = _size(plan, node)
    return f"""
void {_count_head(plan, node, prefix)} {{
  for (int32_t i = 0; i < {size}; i++) counts[i] += sent[i];
}}

int32_t {prefix}_argmax(const int64_t *counts) {{
  int32_t best = 0;
  for (int32_t i = 1; i < {size}; i++) if (counts[i] > counts[best]) best = i;
  return best;
}}
"""
