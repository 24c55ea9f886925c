"""`python -m gatehouse`."""

from .cli.app import main

main()
