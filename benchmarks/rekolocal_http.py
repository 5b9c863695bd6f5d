"""SearchFacesByImage over HTTP with four clients, against the engine alone on the same cores."""

import base64
import json
import multiprocessing
import os
import socket
import statistics
import threading
import time
from urllib.parse import urlsplit

import cv2

from benchmarks.rekolocal_pictures import photo
from benchmarks.report import Row, publish
from rekolocal.engine.faces import FaceEngine
from rekolocal.testing import client_for
from tests.rekolocal.integration.command import running_command

CLIENTS = 4
ROUND_S = 3.0
ROUNDS = 7


def engine_rate(engine: FaceEngine, content: bytes) -> float:
    """Pictures a second from as many threads as there are cores."""
    counts: list[int] = []
    until = time.perf_counter() + ROUND_S

    def work() -> None:
        done = 0
        while time.perf_counter() < until:
            face = engine.largest_face(content)
            assert face is not None
            engine.embed([face])
            done += 1
        counts.append(done)

    threads = [threading.Thread(target=work) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / ROUND_S


def http_rate(url: str, body: bytes) -> float:
    """Answers a second to clients that keep their connections, in a process of their own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_clients, (url, body))


def answer(connection: socket.socket) -> bytes:
    """The content of one reply."""
    received = b""
    while True:
        received += connection.recv(65536)
        head, end, content = received.partition(b"\r\n\r\n")
        if end and len(content) >= int(head.lower().partition(b"content-length:")[2].split()[0]):
            assert head.startswith(b"HTTP/1.1 200")
            return content


def _clients(url: str, body: bytes) -> float:
    counts: list[int] = []
    until = time.perf_counter() + ROUND_S
    address = urlsplit(url)
    head = (
        f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n"
        "X-Amz-Target: RekognitionService.SearchFacesByImage\r\n\r\n"
    )

    def work() -> None:
        """Bare sockets: an SDK's own work would be counted against the server, on the same cores."""
        done = 0
        with socket.create_connection((address.hostname, address.port)) as connection:
            while time.perf_counter() < until:
                connection.sendall(head.encode() + body)
                assert b'"FaceMatches":[{"Similarity"' in answer(connection)
                done += 1
        counts.append(done)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / ROUND_S


def row(engine: FaceEngine) -> Row:
    content = photo(300)
    with running_command("--memory") as (_, url):
        client = client_for(url)
        client.create_collection(CollectionId="employees")
        client.index_faces(CollectionId="employees", Image={"Bytes": content})
        image = {"Bytes": base64.b64encode(content).decode()}
        body = json.dumps({"CollectionId": "employees", "Image": image}).encode()
        engine_rate(engine, content)
        pairs = [(http_rate(url, body), engine_rate(engine, content)) for _ in range(ROUNDS)]
    share = statistics.median(ours / alone for ours, alone in pairs)
    ours, alone = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Row(
        f"SearchFacesByImage over HTTP, {CLIENTS} clients, 300 px, against the engine alone",
        f"{ours:.0f}/s", f"{alone:.0f}/s", f"{share:.2f}", ">= 0.85", share >= 0.85,
    )  # fmt: skip


def main() -> None:
    cv2.setNumThreads(1)  # as in the server
    publish("rekolocal_http", [row(FaceEngine.load())])


if __name__ == "__main__":
    main()
