"""Answers as JSON."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec


def written(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # what quotes half of a surrogate pair, as the client sent it
        return json.dumps(body).encode()
