"""What every error is that a person is told about."""


class KioskError(Exception):
    """Base of what ends a command; its text is one sentence that says what to do."""
