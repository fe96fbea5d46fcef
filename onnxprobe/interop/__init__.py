"""Graphs of other libraries in and out, so that their scripts can use pick, stitch and proof.

Each module has ``to_graph(model)`` and ``from_graph(graph)``. What a library does not know of, it
drops: metadata, descriptions, weights that nothing reads. It is carried along and put back, and
whatever was not touched meanwhile comes back to the byte.
"""
