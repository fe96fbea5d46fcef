"""What Triton's model repositories hold: their layout, and ``config.pbtxt``."""
