"""How many requests and incidents there are, by region."""
