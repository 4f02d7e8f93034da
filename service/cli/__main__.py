"""`python -m service.cli` is `mandate`."""

from service.cli import main

main()
