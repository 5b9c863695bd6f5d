"""The web page: the original's upload form and result page, for browsers on this machine."""

from kiosk.web.server import WebRefused, web_server

__all__ = ["WebRefused", "web_server"]
