"""`make pictures`: the pictures of the documentation, produced from the running program."""
