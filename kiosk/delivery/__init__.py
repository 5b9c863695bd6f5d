"""Captures on their way: kept on disk until the API has them, through any failure."""
