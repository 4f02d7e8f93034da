"""The register's own tokens, according to the settings."""

from datetime import timedelta

from service.errors import Misconfigured
from service.identity import OWN_KEY, Tokens, own_key, previous_key, read_key
from service.settings import Settings


def tokens(settings: Settings) -> Tokens:
    """Issues and reads tokens according to the settings. Raises Misconfigured."""
    key, path = token_key(settings), settings.token_key_file or settings.data_dir / OWN_KEY
    return Tokens(key, timedelta(seconds=settings.token_lifetime), previous_key(path))


def accepted_tokens(settings: Settings, *, is_local: bool = True) -> Tokens | None:
    """The register's own tokens, None if only those of issuers are accepted. Raises Misconfigured.

    is_local: whether only this machine can send tokens.
    """
    has_issuers, is_external = settings.issuers is not None, settings.database_url is not None
    if settings.token_key_file is None and has_issuers and (is_external or not is_local):
        return None
    return tokens(settings)


def token_key(settings: Settings) -> bytes:
    """The key that signs and checks tokens, the same for all processes of a register. Raises Misconfigured."""
    if settings.token_key_file is not None:
        return read_key(settings.token_key_file)
    if settings.database_url is not None:
        raise Misconfigured(
            "MANDATE_TOKEN_KEY_FILE is needed with MANDATE_DATABASE_URL: name a file of 32 random bytes or more, "
            "the same for every api; or name external issuers in MANDATE_ISSUERS"
        )
    return own_key(settings.data_dir)
