import json

from onnxprobe.provenance import of_run


def test_what_is_true_on_one_machine_only_is_left_out():
    facts = {
        "recipe": "domains",
        "images": "/home/me/photos",
        "seconds": {"fuse": 1.5},
        "model": {"path": "/home/me/b.onnx", "sha256": "ab", "input": "x float32[N×3]"},
        "heldout": {"macro_f1": 0.9},
    }
    said = of_run(facts)
    assert said == {
        "recipe": "domains",
        "model": {"sha256": "ab", "input": "x float32[N×3]"},
        "heldout": {"macro_f1": 0.9},
    }
    assert "/home" not in json.dumps(said)
    assert facts["model"]["path"]  # what was given is as it was
