"""Other runtimes, run for real on fused files."""
