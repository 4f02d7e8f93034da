"""The log on stderr: JSON for machines, text for a terminal."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import logging, sys
from service.cli.log_output import log_to_stderr
log_to_stderr(sys.argv[1])
secret = "hunter2"
try:
    raise ValueError("of two\\nlines")
except ValueError:
    logging.getLogger("a.logger").exception("failed: %s", "so\\nit is")
"""


def logged(log_format: str) -> str:
    return subprocess.run([sys.executable, "-c", SCRIPT, log_format], capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_a_line_is_one_json_object_with_its_traceback(log_format: str) -> None:
    [line] = logged(log_format).splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == ("error", "a.logger", "failed: so\nit is")
    assert entry["exception"].endswith("ValueError: of two\nlines")
    assert entry["time"].endswith("Z")


def test_text_has_the_traceback_without_the_values_of_variables() -> None:
    text = logged("text")
    assert "failed: so" in text
    assert "ValueError: of two" in text
    assert text.count("hunter2") == 0
