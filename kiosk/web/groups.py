"""Groups as they are typed."""


def groups_in(text: str) -> list[str]:
    """The groups in one line, parted by commas or spaces."""
    return sorted({group.lower() for group in text.replace(",", " ").split()})
