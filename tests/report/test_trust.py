import json

import pytest

from onnxprobe.report.trust import Trust

HELDOUT = {
    "rows": 40,
    "auc": {"ovr_macro": 0.98, "ovo_macro": None},
    "ece": 0.02,
    "head": "linear",
    "heads": {"linear": {"macro_f1": 0.8, "ece": 0.02}, "mlp": {"macro_f1": 0.85, "ece": 0.1}},
    "folds": [{"macro_f1": 0.7}, {"macro_f1": 0.9}, {}],
    "answered": 0.95,
    "rejection": {
        "measure": "nearest",
        "against": "classes left out in turn",
        "auroc": {"highest score": 0.8, "nearest": 0.9},
        "noise": {"highest score": 0.3, "nearest": 0.99},
    },
    "curve": [{"coverage": c / 4, "purity": 1 - c / 40} for c in range(1, 5)],
    "components": {"needed": 93, "shown": 2, "explained": [0.5, 0.25]},
    "confusion": [[18, 1, 1], [3, 16, 1]],
}


def test_what_is_recorded_is_read():
    trust = Trust.of(HELDOUT)
    assert trust.areas == {"ovr_macro": 0.98}
    assert trust.cross_validated == (pytest.approx(0.8), pytest.approx(0.1414, abs=1e-3))
    assert trust.curve[0] == (0.25, 0.975)
    assert trust.confusion == ((18, 1, 1), (3, 16, 1))


def test_a_head_is_named_only_where_it_is_clearly_better():
    assert Trust.of(HELDOUT).better == "mlp"
    assert Trust.of({**HELDOUT, "head": "mlp"}).better is None
    close = {"linear": {"macro_f1": 0.845}, "mlp": {"macro_f1": 0.85}}
    assert Trust.of({**HELDOUT, "heads": close}).better is None


@pytest.mark.parametrize("key", HELDOUT)
@pytest.mark.parametrize("odd", [None, "no", 7, [], {}, [None], {"a": "b"}, [[None, "x"]]])
def test_whatever_else_is_there_is_nothing(key, odd):
    assert Trust.of(json.loads(json.dumps({**HELDOUT, key: odd}))) is not None


def test_an_older_run_says_nothing():
    assert Trust.of({}) == Trust()
