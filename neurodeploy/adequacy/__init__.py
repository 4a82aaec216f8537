"""What a check would have noticed: single nodes run again on what reached them, with one wrong rule at a time."""

from neurodeploy.adequacy.measure import Adequacy
from neurodeploy.adequacy.result import NodeAdequacy, Seen, adequacy_table

__all__ = ["Adequacy", "NodeAdequacy", "Seen", "adequacy_table"]
