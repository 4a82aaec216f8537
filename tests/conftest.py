"""Settings every test shares."""

import os
import signal

from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers already use every core; a pool of threads in each would only make them wait for one another.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

# A shell starts what runs in its background with interrupts ignored, and so would every program these tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Deadlines measure the machine, not the code; under CI the examples are the same in every run.
settings.register_profile("neurodeploy", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("neurodeploy")
