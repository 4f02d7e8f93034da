"""`python -m service.diagrams page` or `picture` prints it."""

import sys

from service.diagrams.page import page
from service.diagrams.picture import picture

sys.stdout.write({"page": page, "picture": picture}[sys.argv[1]]())
