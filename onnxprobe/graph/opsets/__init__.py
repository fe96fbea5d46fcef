"""Operators under other opsets: whether a node means the same there, and how it is said there."""
