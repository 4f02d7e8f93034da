"""JSON Web Key Sets (RFC 7517): the public keys by which an issuer's tokens are verified."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

MOST_KEYS: Final = 100
RSA_BITS: Final = range(2048, 8193)
RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
ED25519: Final = {"Ed25519": "Ed25519", "EdDSA": "Ed25519"}
"""Name in a header -> algorithm. RFC 9864 replaces 'EdDSA', which most issuers still write."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key. algorithms: those by which it may verify: name in a header -> name in joserfc."""

    key: RSAKey | ECKey | OKPKey
    algorithms: Mapping[str, str]

    def verifies(self, algorithm: str, content: bytes, signature: bytes) -> bool:
        """Whether this is the key's signature of the content, by an algorithm of the key."""
        name = self.algorithms.get(algorithm)
        return name is not None and JWSRegistry.algorithms[name].verify(content, signature, self.key)


KeySet = Mapping[str, PublicKey]
"""`kid` -> key."""


def key_for(keys: KeySet, kid: str | None) -> PublicKey | None:
    """The key of a token; None if its `kid` names none. A token without a `kid` is verified by the only key (OpenID
    Connect Core 1.0, section 10.1)."""
    if kid is not None:
        return keys.get(kid)
    return next(iter(keys.values())) if len(keys) == 1 else None


def parse_key_set(content: bytes) -> KeySet:
    """The keys for signatures that have a `kid`; others are left out. Raises ValueError if there is none."""
    try:
        given = json.loads(content)
        keys = given["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("the answer is not a JSON Web Key Set") from None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise ValueError(f"its 'keys' are not a list of at most {MOST_KEYS}")
    found: dict[str, PublicKey] = {}
    for each in keys:
        if isinstance(each, dict) and (key := _public_key(each)) is not None:
            found.setdefault(each["kid"], key)
    if not found:
        raise ValueError("it has no key for signatures that is supported here")
    return found


def _public_key(jwk: dict[str, Any]) -> PublicKey | None:
    """None for a key of another use or kind, a weak one, and one that is not well formed."""
    kid, operations = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str) or not kid or jwk.get("use", "sig") != "sig":
        return None
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        key, names = _imported(jwk)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        return None
    stated = jwk.get("alg")
    algorithms = {name: model for name, model in names.items() if stated is None or names.get(stated) == model}
    return PublicKey(key, algorithms) if algorithms else None


def _imported(jwk: dict[str, Any]) -> tuple[RSAKey | ECKey | OKPKey, Mapping[str, str]]:
    """The key without private parts, and its algorithms: name in a header -> name in joserfc. Raises ValueError."""
    match jwk:
        case {"kty": "RSA", "n": str(n), "e": str(e)}:
            rsa = RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
            if rsa.public_key.key_size in RSA_BITS:
                return rsa, {name: name for name in RSA}
        case {"kty": "EC", "crv": str(curve), "x": str(x), "y": str(y)} if curve in CURVES:
            ec = ECKey.import_key({"kty": "EC", "crv": curve, "x": x, "y": y})
            return ec, {CURVES[curve]: CURVES[curve]}
        case {"kty": "OKP", "crv": "Ed25519", "x": str(x)}:
            okp = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
            okp.public_key  # noqa: B018
            return okp, ED25519
        case _:
            pass
    raise ValueError
