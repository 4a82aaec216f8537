"""What runs inside the Lava environment. Imports Lava and numpy, nothing of neurodeploy."""

from . import shim as shim
