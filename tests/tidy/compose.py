"""The services of docker-compose.yml."""

from typing import Any

import yaml

from tests.tidy.repository import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
