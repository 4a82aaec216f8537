"""Events that enter a state one after another: source by source, each for all its targets in one loop of vectors."""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.expressions import statements
from neurodeploy.codegen.integer_types import INDEX, stored_type
from neurodeploy.codegen.kernels import SPARSE
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.tables import Tables
from neurodeploy.step.arrival import Delivery
from neurodeploy.step.plan import Sender
from neurodeploy.step.value import Value


def delivery_kernel(
    delivery: Delivery, sender: Sender, source: Layout, target: Layout, name: str, tables: Tables
) -> str:
    """``name(u, sent)``: the currents ``u`` after the messages ``sent``, sources in row-major order."""
    state = stored_type(delivery.after.low, delivery.after.high).name
    sent = stored_type(sender.low, sender.high).name
    message = stored_type(*_message_range(delivery, sender)).name
    unit = delivery.projection.message_bits == 1
    place, index = "j", ""
    if not source.trivial:
        places, _ = tables.add(source.place, INDEX)
        place, index = f"{places}[j]", f"const int32_t place = {places}[j]; "
    at = "place" if index else place
    return f"""{_event(delivery, source, target, name, state, message, tables)}
static void {name}({state} *restrict u, const {sent} *restrict sent) {{
  for (int32_t j = 0; j < {source.size}; j++) {{
    {index}if (sent[{at}] != 0) {name}_event(u, j, {"1" if unit else f"sent[{at}]"});
  }}
}}
"""


def _message_range(delivery: Delivery, sender: Sender) -> tuple[int, int]:
    return (0, 1) if delivery.projection.message_bits == 1 else (sender.low, sender.high)


def _event(
    delivery: Delivery, source: Layout, target: Layout, name: str, state: str, message: str, tables: Tables
) -> str:
    """One source's message ``m`` to all its targets; ``j`` is the source's row-major index."""
    rows = delivery.projection.weights[target.order].T
    lists = delivery.projection.kind == "sparse" or np.count_nonzero(rows) * SPARSE < rows.size
    if lists:
        sources, targets = np.nonzero(rows)
        starts, _ = tables.add(np.searchsorted(sources, np.arange(len(rows) + 1)), INDEX)
        places, _ = tables.add(targets, INDEX)
        table, _ = tables.add(rows[sources, targets])
        weight = f"{table}[k]"
        loop = (
            f"for (int32_t k = {starts}[j]; k < (int32_t){starts}[j + 1]; k++) {{\n    const int32_t i = {places}[k];"
        )
        before = ""
    else:
        table, kind = tables.add(rows)
        before = f"  const {kind.name} *row = {table} + j * {target.size};\n"
        weight, loop = "row[i]", f"for (int32_t i = 0; i < {target.size}; i++) {{"

    def load(value: Value) -> str:
        return {"state": "u[i]", "weight": weight, "message": "m"}[value.op]

    made = statements([delivery.after], load, {})
    lines = "".join(f"    {line}\n" for line in (*made.lines, f"u[i] = ({state}){made[delivery.after]};"))
    head = f"static void {name}_event({state} *restrict u, int32_t j, {message} m)"
    return f"\n{head} {{\n{before}  {loop}\n{lines}  }}\n}}\n"
