"""The parts of ``graph.pick``, one idea a file."""
