"""Graphs of other libraries, in and out: what they leave behind is carried along."""
