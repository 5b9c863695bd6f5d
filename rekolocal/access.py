"""Which web pages may use the server: none, unless they are named.

A page on any site can make a browser on this machine send requests here. They show themselves by their
Origin, or by a Host that is not ours (DNS rebinding). Where keys are asked for, the signature is the check.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from rekolocal.errors import AccessDeniedException


@dataclass(frozen=True, slots=True)
class Access:
    """`host`: the name, if any, under which this machine is known, beside its addresses and localhost.

    `origins`: of pages that may use the server; `*` is any.
    """

    host: str = "localhost"
    origins: frozenset[str] = frozenset()

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises AccessDeniedException; `headers` have lower-case names."""
        name = _name(headers.get("host", ""))
        if name not in ("localhost", self.host) and not _is_address(name):
            raise AccessDeniedException(
                f"This server does not go by the name {name!r}: use the URL it printed, or start it with"
                " --host NAME or with keys"
            )
        origin = headers.get("origin")
        if origin is not None and not self.allows(origin):
            raise AccessDeniedException(
                f"Pages of {origin} may not use this server: --allow-origin lets them"
            )

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may use the server."""
        return origin in self.origins or "*" in self.origins

    def cors(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers of an answer to a page that may use the server (WHATWG Fetch, "CORS protocol")."""
        origin = headers.get("origin")
        if origin is None or not self.allows(origin):
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": headers.get("access-control-request-headers", "*"),
            "access-control-expose-headers": "x-amzn-requestid",
            "access-control-max-age": "600",
            "vary": "origin",
        }


def _name(host: str) -> str:
    """A Host header's name, without its port and the brackets of an IPv6 address."""
    name = host.lower()
    return name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
