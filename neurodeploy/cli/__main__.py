"""``python -m neurodeploy.cli``."""

from neurodeploy.cli.app import main

main()
