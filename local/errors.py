"""What every command of this package may raise on purpose."""


class LocalError(Exception):
    """Something a person can put right; the text is one sentence that says how."""
