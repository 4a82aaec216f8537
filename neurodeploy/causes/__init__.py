"""What is wrong with a node that differs from the reference on the messages that it really had.

The node runs again alone, each time with one term changed, and is held against what it did. A change that gives all of
it is an explanation. Nothing is guessed: where several changes explain it equally, all of them are listed.
"""

from neurodeploy.causes.values import Cause, Causes, Culprit, Term

__all__ = ["Cause", "Causes", "Culprit", "Term"]
