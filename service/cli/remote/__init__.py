"""The reading commands on a remote register, through its REST surface, as the bearer of a token."""
