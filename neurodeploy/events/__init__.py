"""Event-camera recordings as stimuli: read in pieces, filtered, and made into frames.

::

    frames = Frames(window="10ms", polarity="both", filters=(BackgroundActivity("2ms"),))
    stimulus = {"input": frames.read(open_events("recording.aedat4"))}
"""

from neurodeploy.events.event import EVENT, Events, Sensor, make_events
from neurodeploy.events.files import is_recording, open_events
from neurodeploy.events.filters import BackgroundActivity, HotPixels, Sort
from neurodeploy.events.frames import Frames
from neurodeploy.events.npz import save_events
from neurodeploy.events.source import EventSource, from_array
from neurodeploy.events.stars import StarField

__all__ = [
    "EVENT",
    "BackgroundActivity",
    "EventSource",
    "Events",
    "Frames",
    "HotPixels",
    "Sensor",
    "Sort",
    "StarField",
    "from_array",
    "is_recording",
    "make_events",
    "open_events",
    "save_events",
]
