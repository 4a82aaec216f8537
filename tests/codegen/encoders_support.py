"""Encoders of every kind on signals of their range, and their C built by this machine's compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.codegen.encoders import EncoderText, encoder_text
from neurodeploy.codegen.helpers import helpers
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
from neurodeploy.integers import UINT8
from neurodeploy.streams import Stream

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


def program_text(streams: Sequence[Stream]) -> str:
    """A program that runs the stream its argument numbers: rows of samples come in, what every step sends goes out."""
    texts = [encoder_text(stream, "input", f"p{n}", UINT8, 1) for n, stream in enumerate(streams)]
    source = "".join(text.header + text.source for text in texts)
    runs = "".join(_run_text(n, stream, texts[n]) for n, stream in enumerate(streams))
    cases = "".join(f"    case {n}: run{n}(); return 0;\n" for n in range(len(streams)))
    return f"""#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
{helpers(source)}{source}{runs}
int main(int count, char **words) {{
  switch (count > 1 ? atoi(words[1]) : -1) {{
{cases}  }}
  return 1;
}}
"""


def _run_text(number: int, stream: Stream, encoder: EncoderText) -> str:
    return f"""
static void run{number}(void) {{
  static p{number}_encoder e;
  static {encoder.sample.name} samples[{stream.features}];
  static uint8_t sent[{stream.channels}];
  p{number}_encoder_reset(&e);
  for (long t = 0;; t++) {{
    if (t % P{number}_SAMPLE_STEPS == 0 && fread(samples, sizeof samples, 1, stdin) != 1) return;
    p{number}_encode(&e, samples, sent);
    fwrite(sent, sizeof sent, 1, stdout);
  }}
}}
"""


def built(text: str, folder: Path, flags: Sequence[str]) -> Path:
    """The program, built."""
    compiler = find_compiler()
    assert compiler is not None
    (folder / "encoders.c").write_text(text, encoding="ascii")
    command = [*compiler.command, *flags, str(folder / "encoders.c"), "-o", str(folder / "encoders")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "encoders"


def run_c(program: Path, number: int, stream: Stream, samples: np.ndarray) -> np.ndarray:
    """What a stream sends in C ``(T * steps, channels)`` for samples ``(T, features)``."""
    data = samples.astype("u1" if stream.bits <= 8 else "u2").tobytes()
    done = subprocess.run([program, str(number)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, stream.channels).astype(np.int64)
