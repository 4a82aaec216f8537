"""Jobs of one or several artifacts as one executable: their files, their tasks, and what its record says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neurodeploy.codegen.probe import dispatcher
from neurodeploy.embedded.job import Job, Outcome
from neurodeploy.errors import EnvironmentFailureError, InputError

DISPATCHER = "probe.c"
RUN_LIMIT, RUN_TIMEOUT = "NEURODEPLOY_WORKER_TIMEOUT", 600.0
FEWER = f"give it more time ({RUN_LIMIT}), or fewer steps"
Execute = Callable[[Mapping[str, bytes], Sequence[str], bytes], bytes]
"""Builds files with the probes of these prefixes, runs that on a job's bytes, and gives the bytes of its record."""


def run_jobs(jobs: Sequence[Job], execute: Execute, where: str) -> list[Outcome]:
    """The outcomes of all jobs, whose artifacts have distinct prefixes, from one executable.

    Raises EnvironmentFailureError where the record is not of the length that the jobs ask for.
    """
    prefixes = [job.prefix for job in jobs]
    if len(set(prefixes)) < len(prefixes):
        raise InputError("several networks have one prefix", where, "give each its own with -O prefix")
    files = {name: data for job in jobs for name, data in job.files.items()}
    if len(jobs) > 1:
        files[DISPATCHER] = dispatcher(prefixes).encode("ascii")
    record = execute(files, prefixes, b"".join(job.data(number) for number, job in enumerate(jobs)))
    sizes = [job.record_bytes() for job in jobs]
    if len(record) != sum(sizes):
        problem = f"gave {len(record)} bytes of record, not {sum(sizes)}"
        raise EnvironmentFailureError(problem, where, "run it again; if this repeats, export the network again")
    outcomes: list[Outcome] = []
    at = 0
    for job, size in zip(jobs, sizes, strict=True):
        outcomes.append(job.outcome(record[at : at + size]))
        at += size
    return outcomes
