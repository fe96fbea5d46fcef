import json

import pytest
from packaged_models import fused_file, run_facts


@pytest.fixture
def fused(tmp_path):
    """A fused model in a run folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(run_facts()))
    return fused_file(folder)
