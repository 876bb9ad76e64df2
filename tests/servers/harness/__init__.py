"""What the programs below `tests/servers` share: the standard library of Python alone."""
