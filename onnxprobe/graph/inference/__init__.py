"""What follows from a file about every tensor: its type and its shape. Nothing is run."""
