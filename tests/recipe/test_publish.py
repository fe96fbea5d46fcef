import pytest

from onnxprobe.recipe import publish
from onnxprobe.recipe.publish import gone, publishing, settled


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def run(tmp_path):
    (tmp_path / "a").write_text("old a")
    (tmp_path / "b").write_text("old b")
    return tmp_path


def change(run):
    with publishing(run) as new:
        (new / "a").write_text("new a")
        (new / "weights").mkdir()
        (new / "weights" / "c").write_text("new c")
        gone(new, "b")


CHANGED = {"a": "new a", "weights/c": "new c"}


def test_all_files_are_replaced_together(run):
    change(run)
    assert content(run) == CHANGED


def test_an_error_changes_nothing(run):
    before = content(run)

    def broken():
        with publishing(run) as new:
            (new / "a").write_text("new a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert content(run) == before


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_kill_while_files_are_moved_is_made_good_by_whoever_reads_next(run, monkeypatch, moves):
    """Whatever of the files is in its place already, all of them are afterwards."""
    real, done = type(run).replace, []

    def replace(path, target):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(path)
        return real(path, target)

    monkeypatch.setattr(type(run), "replace", replace)
    if moves < 2:
        with pytest.raises(KeyboardInterrupt):
            change(run)
    else:
        change(run)
    monkeypatch.undo()
    settled(run)
    settled(run)
    assert content(run) == CHANGED


def test_what_a_killed_run_began_is_no_part_of_the_next(run):
    (run / publish._NEW).mkdir()
    (run / publish._NEW / "half").write_text("ha")
    change(run)
    assert content(run) == CHANGED
