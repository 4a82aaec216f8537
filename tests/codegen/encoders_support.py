"""Encoders of every kind on signals of their range, and their C built by this machine's compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.codegen.c.encoders import encoder_text
from neurodeploy.codegen.c.prelude import helpers
from neurodeploy.codegen.c.types import UINT8, CType
from neurodeploy.codegen.encoders import Stream
from neurodeploy.encoding import (
    BensSpiker,
    Delta,
    Gymnasium,
    Latency,
    LeakyIntegrateAndFire,
    Population,
    PulseWidth,
    Rate,
    StepForward,
)
from neurodeploy.engine.compiler import find_compiler

LOW, HIGH = -1.0, 2.0
CODERS: dict[str, Any] = {
    "step-forward": StepForward(0.15),
    "step-forward, rises": StepForward((0.3, 0.02, 4.0), bipolar=False),
    "delta": Delta((0.2, 0.1, 0.01)),
    "leaky": LeakyIntegrateAndFire(0.4, 0.5),
    "leaky, per signal": LeakyIntegrateAndFire((0.9, 7.0, 0.2), (0.95, 1.0, 0.0)),
    "pulse-width": PulseWidth(100.0),
    "pulse-width, per signal": PulseWidth((0.7, 750.0, 37.3), bipolar=False),
    "bens-spiker": BensSpiker(0.5, 10, 0.2),
    "bens-spiker, per signal": BensSpiker((0.9, -0.5, 0.3), (40, 5, 11), (0.1, 0.2, 0.01)),
    "population": Population(8, 0.1, 12),
    "population, normalized": Population(6, 0.2, 8, normalized=True, max_rate=0.7),
    "gymnasium rate": Gymnasium(LOW, HIGH, steps=8),
    "gymnasium step": Gymnasium(LOW, HIGH, steps=7, rate=False, step=True, threshold=(0.3, 0.1, 1.0)),
    "gymnasium both": Gymnasium(LOW, HIGH, steps=8, step=True, threshold=0.2, split=False, inverted=True, max_rate=0.8),
    "rate": Rate(10),
    "latency": Latency(16),
}


def signals(seed: int, features: int, steps: int) -> np.ndarray:
    """Walks, waves, stairs and noise ``(features, steps)`` that fill the range, with plateaus at its ends."""
    generator = np.random.default_rng(seed)
    t = np.arange(steps) / steps
    kinds = (
        lambda: np.cumsum(generator.normal(size=steps)),
        lambda: np.sin(2 * np.pi * generator.uniform(1, 9) * t + generator.uniform(0, 6)),
        lambda: np.repeat(generator.integers(-5, 6, steps), 7)[:steps],
        lambda: generator.normal(size=steps),
    )
    rows = np.stack([kinds[generator.integers(len(kinds))]() for _ in range(features)])
    unit = (rows - rows.min(1, keepdims=True)) / (np.ptp(rows, axis=1)[:, None] + 1e-9)
    return np.clip(LOW + (HIGH - LOW) * (unit * 1.1 - 0.05), LOW, HIGH)


def main_text(stream: Stream, message: CType = UINT8, one: int = 1) -> str:
    """A program that reads rows of samples and writes a row of what is sent in every step."""
    made = encoder_text(stream, "input", "p", message, one)
    source = made.header + made.source
    return f"""#include <stdint.h>
#include <stdio.h>
{helpers(source)}{source}
int main(void) {{
  static p_encoder e;
  static {made.sample.name} samples[{stream.features}];
  static {message.name} sent[{stream.channels}];
  int more = 1;
  p_encoder_reset(&e);
  for (long t = 0; more; t++) {{
    if (t % P_SAMPLE_STEPS == 0) more = fread(samples, sizeof samples, 1, stdin) == 1;
    if (more) {{
      p_encode(&e, samples, sent);
      fwrite(sent, sizeof sent, 1, stdout);
    }}
  }}
  return 0;
}}
"""


def built(text: str, folder: Path, flags: Sequence[str]) -> Path:
    """The program, built."""
    compiler = find_compiler()
    assert compiler is not None
    (folder / "encoder.c").write_text(text, encoding="ascii")
    command = [*compiler.command, *flags, str(folder / "encoder.c"), "-o", str(folder / "encoder")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "encoder"


def run_c(program: Path, stream: Stream, samples: np.ndarray, dtype: str = "u1") -> np.ndarray:
    """What it sends ``(T * steps, channels)`` for samples ``(T, features)``."""
    data = samples.astype("u1" if stream.bits <= 8 else "u2").tobytes()
    done = subprocess.run([program], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, dtype).reshape(-1, stream.channels).astype(np.int64)
