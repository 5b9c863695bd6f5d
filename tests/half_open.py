"""Clients that open connections and send what they like."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

MANY = 140


@contextmanager
def opened(port: int, count: int, sent: bytes, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """So many connections to 127.0.0.1, with these bytes sent on each."""
    with ExitStack() as stack:
        sockets = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))
            stack.enter_context(client)
            client.sendall(sent)
            sockets.append(client)
        yield sockets


def closed(client: socket.socket) -> bool:
    """Whether the server closes the connection, whatever it says before."""
    client.settimeout(20)
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def is_closed_although_it_trickles(client: socket.socket) -> bool:
    """Whether the server closes the connection in spite of a header line twenty times a second."""
    client.settimeout(0.05)
    for _ in range(300):
        try:
            client.sendall(b"a: b\r\n")
            if client.recv(4096) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False
