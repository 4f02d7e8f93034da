"""A request as one printable document, for people who will never see the register."""
