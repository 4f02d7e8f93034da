"""The form of a mail address."""

import re
from typing import Final

ADDRESS_LENGTH: Final = 254
LOCAL_LENGTH: Final = 64
ADDRESS_FORM: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE | re.ASCII,
)
"""Dot-string@domain (RFC 5321, section 4.1.2), in ASCII: nothing in it has a meaning in a header."""


def is_address(text: str) -> bool:
    is_short = len(text) <= ADDRESS_LENGTH and len(text.partition("@")[0]) <= LOCAL_LENGTH
    return is_short and ADDRESS_FORM.fullmatch(text) is not None
