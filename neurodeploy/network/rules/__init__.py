"""Rules of a graph: what can be said against it before it is run, and repairs.

A ``Network`` refuses the first error that the rules of its graph find; ``neurodeploy lint`` lists all findings.
"""
