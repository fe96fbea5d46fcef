"""What flows from where to where: parts of a graph, their order, and how samples lie in them."""
