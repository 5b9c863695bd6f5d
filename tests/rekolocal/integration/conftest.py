"""A real server for each test."""

from rekolocal.testing import rekolocal

__all__ = ["rekolocal"]
