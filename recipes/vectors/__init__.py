"""Vectors of pictures: whitened, drawn, and who is near whom."""
