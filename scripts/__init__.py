"""Tools of the repository: set-up, lock files, generated documents. Not part of the wheel."""
