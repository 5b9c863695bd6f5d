"""`CollectionRoles` in memory."""

from dataclasses import replace

from recognizeme.domain.collections import Collections


class TwinCollectionRoles:
    def __init__(self, first: str) -> None:
        self._now = Collections(first)

    def read(self) -> Collections:
        return self._now

    def replace(self, after: Collections) -> bool:
        if after.version != self._now.version:
            return False
        self._now = replace(after, version=after.version + 1)
        return True
