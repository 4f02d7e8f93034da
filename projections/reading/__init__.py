"""How the views are asked: questions, the form of lists, and the one Reader that answers as somebody, at a position."""
