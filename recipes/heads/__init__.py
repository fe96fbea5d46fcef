"""Ways to train heads, and what is held against them."""
