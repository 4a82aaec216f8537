"""``python -m neurodeploy``."""

from neurodeploy.cli import main

main()
