"""`python -m backend.cli` is `enerfield`."""

from backend.cli import main

main()
