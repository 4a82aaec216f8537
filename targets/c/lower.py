"""A program as the files of the ``c`` target."""

from __future__ import annotations

from neurodeploy.codegen.example import example, makefile
from neurodeploy.codegen.probe import dispatcher
from neurodeploy.codegen.signal_example import signal_example
from neurodeploy.embedded.files import PREFIX, deploy
from neurodeploy.embedded.layouts import layout_files
from neurodeploy.embedded.limits import check_limits, limits
from neurodeploy.embedded.runs import DISPATCHER
from neurodeploy.program.program import Program
from neurodeploy.target import Artifact, Options

HOST = "probe_host.c"
FILES = """/* A probe that takes from the file job and gives to the file record; nothing is measured here. */
#include <stdint.h>
#include <stdio.h>

int nd_take(void *to, uint32_t bytes);
int nd_give(const void *from, uint32_t bytes);
void nd_start(void);
void nd_stop(uint32_t *measured);

static FILE *job, *record;

int nd_take(void *to, uint32_t bytes) {
  if (job == NULL) job = fopen("job", "rb");
  return job != NULL && fread(to, 1, bytes, job) == bytes;
}

int nd_give(const void *from, uint32_t bytes) {
  if (record == NULL) record = fopen("record", "wb");
  return record != NULL && fwrite(from, 1, bytes, record) == bytes;
}

void nd_start(void) {}

void nd_stop(uint32_t *measured) { measured[0] = measured[1] = 0; }
"""


def lower(program: Program, options: Options) -> Artifact:
    """Source, example, Makefile, memory report, and what ``run`` drives the source with. No compiler is needed.

    Raises InputError for options, CapabilityError where the network does not fit the memory that was named.
    """
    memory = limits(options)
    prefix = options.get(PREFIX.name, PREFIX.default)
    deployed = deploy(program, prefix)
    check_limits(deployed.footprint, memory, "target c")
    main = example(program, deployed.rendering, deployed.heads)
    if deployed.encoder is not None:
        main = signal_example(program, deployed.rendering, deployed.heads, deployed.encoder)
    texts = {
        "main.c": main,
        "Makefile": makefile(prefix),
        DISPATCHER: dispatcher([prefix]),
        HOST: FILES,
    }
    files = {**deployed.files, **{name: text.encode("ascii") for name, text in texts.items()}}
    files |= layout_files(options, prefix, files)
    return Artifact(program, files, notes=deployed.notes)
