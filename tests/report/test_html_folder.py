import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_run import fake_run
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.errors import StoreError
from onnxprobe.recipe.folder import Groups, Lists, RunFolder

LISTS = st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=20)


def lists(values):
    return Lists.of(pa.chunked_array([pa.array(values, pa.list_(pa.int64()))]))


@given(LISTS, st.data())
def test_flat_lists_are_lists(values, data):
    flat = lists(values)
    order = data.draw(st.lists(st.integers(0, len(values) - 1)))
    assert [list(flat[row]) for row in range(len(values))] == values
    assert flat.having(3).tolist() == [3 in value for value in values]
    taken = flat.take(np.array(order, np.int64))
    assert [list(taken[i]) for i in range(len(order))] == [values[row] for row in order]


def test_null_and_minus_one_are_no_domain():
    flat = lists([[1], None, [-1], [2, -1, 4], []])
    assert [list(flat[row]) for row in range(5)] == [[1], [], [], [2, 4], []]


def test_a_table_in_several_chunks_reads_as_one(tmp_path):
    fake_run(tmp_path, pictures=50, drawn=False)
    table = pq.read_table(tmp_path / "groups.parquet")
    whole = Groups.read(tmp_path / "groups.parquet")
    pq.write_table(table, tmp_path / "small.parquet", row_group_size=7)
    parts = Groups.read(tmp_path / "small.parquet")
    assert parts.path == whole.path
    assert parts.domains.ids.tolist() == whole.domains.ids.tolist()
    assert parts.domain.tolist() == whole.domain.tolist()


def test_names_are_text_or_bytes(tmp_path):
    fake_run(tmp_path, pictures=2, names=["grün.png", "bad \udcff.png"], drawn=False)
    assert Groups.read(tmp_path / "groups.parquet").path == ("grün.png", "bad \udcff.png")
    table = pq.read_table(tmp_path / "groups.parquet")
    as_text = table.set_column(0, "path", pa.array(["grün.png", "other.png"]))
    pq.write_table(as_text, tmp_path / "groups.parquet")
    assert Groups.read(tmp_path / "groups.parquet").path == ("grün.png", "other.png")


@pytest.mark.parametrize("name", ["run.json", "groups.parquet"])
def test_a_folder_that_lacks_a_file_is_no_run(tmp_path, name):
    fake_run(tmp_path, pictures=5, drawn=False)
    (tmp_path / name).unlink()
    with pytest.raises(StoreError) as error:
        RunFolder.read(tmp_path)
    assert str(error.value) == (
        f"'{tmp_path}' is not a finished run: there is no '{name}' in it; "
        "name the folder given to run-recipe as --out"
    )


def test_a_run_without_proof_is_a_run(tmp_path):
    fake_run(tmp_path, pictures=5, drawn=False)
    assert RunFolder.read(tmp_path).proof is not None
    (tmp_path / "proof.json").unlink()
    assert RunFolder.read(tmp_path).proof is None


def test_broken_files_are_named(tmp_path):
    fake_run(tmp_path, pictures=5, drawn=False)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(StoreError, match=r"run\.json' cannot be read as JSON: "):
        RunFolder.read(tmp_path)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(StoreError, match="should hold an object but holds list"):
        RunFolder.read(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({}))
    (tmp_path / "groups.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(StoreError, match=r"groups\.parquet' cannot be read as Parquet: "):
        RunFolder.read(tmp_path)


def test_missing_columns_are_named(tmp_path):
    fake_run(tmp_path, pictures=5, drawn=False)
    table = pq.read_table(tmp_path / "groups.parquet")
    pq.write_table(table.drop_columns(["x", "split"]), tmp_path / "groups.parquet")
    with pytest.raises(StoreError, match="has no column 'x', 'split'; it should be"):
        RunFolder.read(tmp_path)
