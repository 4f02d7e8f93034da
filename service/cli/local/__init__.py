"""The reading commands on the register of this machine, through its database."""
