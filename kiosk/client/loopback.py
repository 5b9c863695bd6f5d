"""What loopback is: addresses that only programs on this machine reach."""

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Whether a host name or an address, without brackets, is this machine's loopback."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
