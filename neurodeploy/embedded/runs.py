"""Jobs of one or several artifacts as one executable: their files, their tasks, and the traces of its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neurodeploy.codegen.probe import dispatcher
from neurodeploy.embedded.job import Job
from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.trace import Trace

DISPATCHER = "probe.c"
Execute = Callable[[Mapping[str, bytes], Sequence[str], bytes], bytes]
"""Builds files with the probes of these prefixes, runs that on a job's bytes, and gives the bytes of its record."""


def run_jobs(jobs: Sequence[Job], execute: Execute, where: str) -> list[Trace]:
    """The traces of all jobs, whose artifacts have distinct prefixes, from one executable.

    Raises EnvironmentFailureError where the record is not of the length that the jobs ask for.
    """
    prefixes = [each.prefix for each in jobs]
    if len(set(prefixes)) < len(prefixes):
        raise InputError("several networks have one prefix", where, "give each its own with -O prefix")
    files = {name: data for each in jobs for name, data in each.files.items()}
    if len(jobs) > 1:
        files[DISPATCHER] = dispatcher(prefixes).encode("ascii")
    record = execute(files, prefixes, b"".join(each.data(number) for number, each in enumerate(jobs)))
    wanted = [each.record_bytes() for each in jobs]
    if len(record) != sum(wanted):
        what = f"gave {len(record)} bytes of record, not {sum(wanted)}"
        raise EnvironmentFailureError(what, where, "run it again; if this repeats, export the network again")
    traces: list[Trace] = []
    at = 0
    for each, size in zip(jobs, wanted, strict=True):
        traces.append(each.trace(record[at : at + size]))
        at += size
    return traces
