"""`PhotoStore` in a dictionary, versioned as the bucket is."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recognizeme.adapters.photo_keys import check_key
from recognizeme.domain.errors import NotFound
from recognizeme.domain.ports import UploadTicket

Versions = list[bytes | None]  # None is a delete marker


@dataclass
class TwinPhotos:
    """`on_stored` is told of each key, as an object-created event would; `can_wait` as on one machine."""

    on_stored: Callable[[str], None] = lambda key: None
    can_wait: bool = False
    versions: dict[str, Versions] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def ticket(self, key: str, content_type: str, *, max_bytes: int, expires_at: datetime) -> UploadTicket:
        fields = {"key": check_key(key), "Content-Type": content_type}
        return UploadTicket("twin:", fields, key, max_bytes, expires_at)

    def upload(self, ticket: UploadTicket, fields: Mapping[str, str], picture: bytes) -> None:
        self.write(fields["key"], picture, fields["Content-Type"])

    def write(self, key: str, picture: bytes, content_type: str, *, busy_s: float = 0.0) -> str | None:
        self.versions.setdefault(check_key(key), []).append(picture)
        self.on_stored(key)
        return key if self.can_wait else None

    def write_new(self, key: str, picture: bytes, content_type: str) -> bool:
        if key in self._current():
            return False
        self.write(key, picture, content_type)
        return True

    def read(self, key: str) -> bytes:
        try:
            return self._current()[key]
        except KeyError as error:
            raise NotFound("the picture is not stored; it may have expired or been removed") from error

    def link(self, key: str, *, expires_at: datetime) -> str:
        url = f"twin:{secrets.token_hex(8)}"
        self.links[url] = key
        return url

    def show(self, url: str) -> bytes:
        return self.read(self.links[url])

    def keys(self, prefix: str) -> Iterator[str]:
        return iter([key for key in self._current() if key.startswith(prefix)])

    def folders(self, prefix: str) -> frozenset[str]:
        below = [key.removeprefix(prefix) for key in self.versions if key.startswith(prefix)]
        return frozenset(rest.partition("/")[0] for rest in below if "/" in rest)

    def delete(self, keys: Iterable[str]) -> int:
        return sum(self.versions.pop(key, None) is not None for key in set(keys))

    def delete_below(
        self, prefixes: Iterable[str], *, before: Callable[[Collection[str]], object] = len
    ) -> int:
        starts = tuple(prefixes)
        keys = [key for key in self.versions if key.startswith(starts)]
        before(keys)
        return self.delete(keys)

    def count_below(self, prefix: str) -> int:
        return sum(key.startswith(prefix) for key in self.versions)

    def mark_deleted(self, key: str) -> None:
        """What deleting without a version does in a bucket that keeps versions."""
        self.versions[key].append(None)

    def _current(self) -> dict[str, bytes]:
        return {key: last for key, versions in self.versions.items() if (last := versions[-1]) is not None}
