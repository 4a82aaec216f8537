"""Jobs on a crew, a few more under way than there are workers; rows are kept as they come."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from time import monotonic
from typing import Any

from neurodeploy.errors import EnvironmentFailureError, UnavailableError
from neurodeploy.sweeps.job import NOT_RUN, Job, Outcome, not_run, run_job
from neurodeploy.sweeps.journal import Journal
from neurodeploy.work import Crew

Progress = Callable[[str], None]
LOSSES = 3
"""Times that a job may be under way while workers are lost, before it counts as what loses them."""
AHEAD = 2


@dataclass(frozen=True)
class Work:
    """A job with the digests of what it is shown: network, stimulus and, where there is one, calibration stimulus."""

    job: Job
    network: str
    stimulus: str
    calibrate: str | None = None


def run_jobs(
    works: Sequence[Work], pieces: Mapping[str, bytes], crew: Crew, journal: Journal, progress: Progress
) -> dict[str, Outcome]:
    """Run all; finished rows go to the journal. What is returned may be tried again another day.

    Raises EnvironmentFailureError where the workers are gone for good.
    """
    return _Run(works, pieces, crew, journal, progress).run()


class _Run:
    def __init__(
        self, works: Sequence[Work], pieces: Mapping[str, bytes], crew: Crew, journal: Journal, progress: Progress
    ) -> None:
        self.waiting, self.crew, self.journal, self.progress = deque(works), crew, journal, progress
        self.total, self.begun, self.executor = len(works), monotonic(), crew.executor
        needed = {digest for work in works for digest in (work.network, work.stimulus, work.calibrate) if digest}
        self.shared = {digest: crew.share(pieces[digest]) for digest in sorted(needed)}
        self.under_way: dict[Future[Outcome], Work] = {}
        self.lost: Counter[str] = Counter()
        self.passing: dict[str, Outcome] = {}
        self.done = 0

    def run(self) -> dict[str, Outcome]:
        try:
            while self.waiting or self.under_way:
                self._fill()
                for future in wait(self.under_way, return_when=FIRST_COMPLETED).done:
                    if future in self.under_way:
                        self._take(future)
        finally:
            for future in self.under_way:
                future.cancel()
        return self.passing

    def _fill(self) -> None:
        alone = any(self.lost[work.job.key] for work in self.waiting)
        while self.waiting and len(self.under_way) < (1 if alone else AHEAD * self.crew.width):
            work = self.waiting.popleft()
            network, stimulus = self.shared[work.network], self.shared[work.stimulus]
            calibrate = None if work.calibrate is None else self.shared[work.calibrate]
            try:
                self.under_way[self.executor.submit(run_job, work.job, network, stimulus, calibrate)] = work
            except BrokenExecutor:
                self.waiting.appendleft(work)
                self._replace()
            if self.crew.width == 1:
                return

    def _take(self, future: Future[Any]) -> None:
        work = self.under_way.pop(future)
        try:
            outcome = future.result()
        except BrokenExecutor:
            self.waiting.appendleft(work)
            self.lost[work.job.key] += 1
            self._replace()
            return
        except UnavailableError:
            raise
        except Exception as error:
            if type(error).__name__ != "KilledWorker":
                remedy = f"start the sweep again: its {len(self.journal.rows)} finished rows are kept"
                raise EnvironmentFailureError(f"the workers are gone: {error}", self.crew.name, remedy) from error
            outcome = not_run("its worker died, on every machine that tried")
        self._keep(work, outcome)

    def _replace(self) -> None:
        """New workers; what was under way is begun again, alone, so that the job that loses them is found."""
        if self.crew.restarted is None:
            raise EnvironmentFailureError("the workers are gone", self.crew.name, "start the sweep again")
        for work in self.under_way.values():
            self.lost[work.job.key] += 1
            self.waiting.appendleft(work)
        self.under_way.clear()
        for work in [work for work in self.waiting if self.lost[work.job.key] >= LOSSES]:
            self.waiting.remove(work)
            self._keep(work, not_run(f"its worker died, {LOSSES} times"))
        self.executor = self.crew.restarted()

    def _keep(self, work: Work, outcome: Outcome) -> None:
        if outcome["verdict"] == NOT_RUN:
            self.passing[work.job.key] = outcome
        else:
            self.journal.add(work.job.key, outcome)
        self.done += 1
        left = (monotonic() - self.begun) / self.done * (self.total - self.done)
        self.progress(f"{self.done} of {self.total} rows, {left:.0f} s left")
