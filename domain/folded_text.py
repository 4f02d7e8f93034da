"""Text without case, diacritics and script, so that a search finds names however they are spelled."""

import unicodedata
from typing import Final

_LATIN: Final = str.maketrans("đðħıłøŧ", "ddhilot") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not decompose."""
_CYRILLIC: Final = str.maketrans(
    "абвгдђежзијклмнопрстћуфхцчш",
    "abvgddezzijklmnoprstcufhccs",
) | str.maketrans({"ѓ": "gj", "ѕ": "dz", "љ": "lj", "њ": "nj", "ќ": "kj", "џ": "dz"})  # noqa: RUF001
"""Serbian and Macedonian letters, as folded in the Latin alphabet."""
_LETTERS: Final = _LATIN | _CYRILLIC


def folded(text: str) -> str:
    """Lower case, without diacritics, in Latin letters, with single spaces: 'Жандармерија' gives 'zandarmerija'."""
    latin = unicodedata.normalize("NFC", text.casefold()).translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", latin)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.casefold().translate(_LETTERS).split())
