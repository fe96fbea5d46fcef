"""Graphs in, graphs out. Depends on onnx and numpy only."""
