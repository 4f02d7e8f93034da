"""Bearer tokens of external issuers (OpenID Connect), and the one way to identify their bearers."""
