"""Ways to find the groups that pictures are in."""
