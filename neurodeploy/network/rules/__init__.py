"""Rules that a graph must keep before it can be run, and repairs.

A ``Network`` refuses the first error that the rules of its graph find; ``neurodeploy lint`` lists all findings.
"""
