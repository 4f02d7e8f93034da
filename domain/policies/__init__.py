"""What follows by itself, elsewhere or later: each a pure function from a request to the command that it calls for."""
