"""PostGraphile 5 on the peers' tables, in a process of Node. `make bench-reads` installs it where npm is available."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import OctKey

from benchmarks.peer_tables import READER

PROGRAM: Final = Path(__file__).parent / "postgraphile" / "server.mjs"
INSTALLED: Final = Path(__file__).resolve().parents[1] / "build" / "postgraphile"
NODE: Final = INSTALLED / "node_modules" / ".bin" / "node"
PRODUCTION: Final = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}


@dataclass(frozen=True, slots=True)
class PostGraphile:
    port: int
    pid: int


def is_installed() -> bool:
    return NODE.exists()


@contextmanager
def postgraphile(url: str, key: bytes | None = None) -> Iterator[PostGraphile]:
    """key: of the tokens that requests must bring; without one, everybody reads what the database's login may."""
    program = shutil.copy(PROGRAM, INSTALLED)
    command = [NODE, program, url, *([] if key is None else [key.decode()])]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | PRODUCTION
    ) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline()
            if not port:
                raise RuntimeError("PostGraphile did not start")
            yield PostGraphile(int(port), process.pid)
        finally:
            process.terminate()


def token(key: bytes, viewer_tokens: Iterable[str]) -> str:
    """A JSON Web Token for the reader's role, with the viewer's tokens as an array of PostgreSQL."""
    claims = {
        "role": READER,
        "tokens": "{" + ",".join(f'"{each}"' for each in sorted(viewer_tokens)) + "}",
        "exp": int((datetime.now(UTC) + timedelta(hours=2)).timestamp()),
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(key))
