"""Long counts: what is claimed of random networks, checked on far more of them than a test has time for.

``python -m tests.proof`` (or ``make proof``) runs every case in ``tests/proof/cases`` and writes
``tests/proof/RESULTS.md``. What is done is kept in ``.proof/``, so that an interrupted run goes on where it stopped.
"""
