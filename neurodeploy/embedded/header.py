"""The header of a deployed network as firmware includes it: sizes as macros, a comment per function, C and C++."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from neurodeploy.codegen.module import Rendering
from neurodeploy.foreign import in_source
from neurodeploy.program.program import Program

TOLD: Mapping[str, str] = {
    r"void \w+_encoder_reset\(": "Brings the encoder to rest. Call it before the first sample of a signal.",
    r"void \w+_encode\(": "The messages of the next step, from whole numbers as a converter gives them.",
    r"void \w+_reset\(": "Brings every state to rest. Call it before the first step of a sample.",
    r"void \w+_step\(": "One time step: takes the messages of the inputs, writes those of the outputs, each row-major.",
    r"int \w+_quantize_\w+\(": "Real values as messages: 1, or 0 with nothing written where one is NaN or infinite.",
    r"void \w+_count\(": "Adds the output of a step to counts, which are 0 before the first step of a sample.",
    r"int32_t \w+_argmax\(": "The class of a sample: the index of the largest count, the lowest one of equals.",
}
"""By the beginning of a function's declaration, what is said of it."""
INCLUDE = "#include <stdint.h>\n"
END = "\n#endif\n"


def firmware_header(text: str, source: str, program: Program, rendering: Rendering) -> str:
    """The header ``text`` with macros for sizes, scales and ranges, and the digest of its ``source``."""
    guard, _, body = text.removesuffix(END).partition(INCLUDE)
    lines = [line for declared in body.splitlines() for line in _told(declared)]
    macros = "".join(f"#define {name} {value}\n" for name, value in _macros(source, program, rendering))
    opened = '#ifdef __cplusplus\nextern "C" {\n#endif\n'
    closed = "#ifdef __cplusplus\n}\n#endif\n"
    return guard + INCLUDE + "\n" + macros + "\n" + opened + "\n".join(lines) + "\n\n" + closed + END


def _told(line: str) -> list[str]:
    told = next((text for pattern, text in TOLD.items() if re.match(pattern, line)), None)
    return [line] if told is None else [f"/* {told} */", line]


def _macros(source: str, program: Program, rendering: Rendering) -> list[tuple[str, object]]:
    """Names and values. A message of an input stands for ``message / 2^SCALE`` between LOW and HIGH."""
    prefix, ports = rendering.prefix.upper(), {port.name: port for port in rendering.ports}
    macros: list[tuple[str, object]] = []
    for number, node in enumerate(program.inputs):
        name = f"{prefix}_INPUT{number if len(program.inputs) > 1 else ''}"
        macros += [
            (f"{name}_SIZE", f"{node.size} /* {in_source(node.name)} {ports[node.name].layout.shape} */"),
            (f"{name}_SCALE", f"{node.scale} /* a message is a value times 2^{node.scale}, rounded */"),
            (f"{name}_LOW", node.output.low),
            (f"{name}_HIGH", node.output.high),
        ]
    for number, output in enumerate(program.outputs):
        name = f"{prefix}_OUTPUT{number if len(program.outputs) > 1 else ''}"
        macros.append((f"{name}_SIZE", f"{program.by_name[output].size} /* {in_source(output)} */"))
    digest = hashlib.sha256(source.encode("ascii")).hexdigest()[:16]
    macros.append((f"{prefix}_CONTEXT_BYTES", f"sizeof({rendering.prefix}_context)"))
    macros.append((f"{prefix}_DIGEST", f'"{digest}" /* of {rendering.prefix}.c */'))
    return macros
