"""A server that the tests run as a child: it answers with its own process id."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class _Pid(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the base class's name
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())


def main() -> None:
    HTTPServer(("127.0.0.1", int(sys.argv[1])), _Pid).serve_forever()


def fail() -> None:
    sys.exit("the disk is full")
