"""A real server for each test."""

from __future__ import annotations

from rekolocal.testing import rekolocal

__all__ = ["rekolocal"]
