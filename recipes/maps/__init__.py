"""Maps of the pictures."""
