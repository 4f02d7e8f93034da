"""Views kept up to date: followers take in what is appended, and set aside what cannot be applied."""
