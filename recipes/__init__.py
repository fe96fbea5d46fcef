"""Recipes: named ways from pictures to a trained head. They depend on onnxprobe, never the reverse."""
