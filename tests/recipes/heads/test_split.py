import numpy as np
import pytest

from onnxprobe.errors import RecipeError
from onnxprobe.images import Status
from onnxprobe.recipe import Kept, Run
from onnxprobe.store.header import Header
from onnxprobe.store.ledger import Ledger, Outcome
from onnxprobe.store.shard import Extent, Shard, write
from onnxprobe.store.top import folder_of, write_top
from recipes.grouped import partition
from recipes.heads.split import Split, split

PATHS = tuple(f"{'val' if i % 4 == 0 else 'train'}/{'ab'[i % 2]}/{i:03}.png" for i in range(120))
GROUPS = partition(np.arange(120) % 2, "v")


def dealt(step, folder):
    """Deal through a run, as recipes do."""
    step.check()
    run = Run(Job(folder), None, "", None, None, "given")
    return split(run, step, PATHS, Kept(GROUPS, "k")).value


class Job:
    def __init__(self, out):
        self.out = out


def table(path, column="person"):
    rows = [f"{name},{i // 3}" for i, name in enumerate(PATHS)]
    path.write_text("\n".join([f"path,{column}", *rows]) + "\n")
    return path


def test_a_share_of_every_group_is_kept_aside(tmp_path):
    aside = dealt(Split(heldout=0.2), tmp_path).aside
    assert [aside[column].sum() for column in GROUPS.member.T] == [12, 12]


def test_people_are_on_one_side(tmp_path):
    file = table(tmp_path / "people.csv")
    sides = dealt(Split(group_by=f"{file}:person"), tmp_path)
    person = np.arange(120) // 3
    assert not np.intersect1d(person[sides.aside], person[~sides.aside]).size
    assert sides.aside.mean() == pytest.approx(0.3, abs=0.05)
    fold = sides.folds(GROUPS.member, 3, seed=0)
    teach = person[~sides.aside]
    assert all(len(set(fold[teach == one])) == 1 for one in set(teach))


def test_a_column_called_group_need_not_be_named_and_pictures_it_leaves_out_are_alone(tmp_path):
    file = table(tmp_path / "groups.csv", "group")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:61]))
    together = dealt(Split(group_by=str(file)), tmp_path).together
    assert len(set(together)) == 20 + 60


def test_pictures_of_a_folder_are_on_one_side(tmp_path):
    aside = dealt(Split(group_by="folder", heldout=0.5), tmp_path).aside
    folders = np.array([path.rpartition("/")[0] for path in PATHS])
    assert not np.intersect1d(folders[aside], folders[~aside]).size


def test_a_folder_may_be_what_is_kept_aside(tmp_path):
    aside = dealt(Split(folders=("val",)), tmp_path).aside
    assert aside.tolist() == [path.startswith("val/") for path in PATHS]


def test_a_changed_file_is_a_new_deal(tmp_path):
    file = table(tmp_path / "people.csv")
    step = Split(group_by=f"{file}:person")
    first = dealt(step, tmp_path)
    file.write_text(file.read_text().replace(",1\n", ",0\n"))
    assert len(set(first.together)) == 1 + len(set(dealt(step, tmp_path).together))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            Split(folders=("test",)),
            (
                "no picture lies in 'test', which split.folders keeps aside; the first folders are "
                "'train', 'val'"
            ),
        ),
        (
            Split(group_by="none.csv:person"),
            (
                "the groups 'none.csv' cannot be read: No such file or directory; say --group-by "
                "FILE.csv:COLUMN, or folder"
            ),
        ),
        (Split(heldout=1.0), "split.heldout is between 0 and 1, not 1.0"),
    ],
)
def test_what_cannot_be_dealt_is_said(step, message, tmp_path):
    with pytest.raises(RecipeError) as caught:
        dealt(step, tmp_path)
    assert str(caught.value) == message


def test_a_missing_column_is_said(tmp_path):
    file = table(tmp_path / "people.csv")
    with pytest.raises(RecipeError, match=r"have no column 'face'; there is 'path', 'person'; say"):
        dealt(Split(group_by=f"{file}:face"), tmp_path)


def test_a_file_of_other_pictures_is_said(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("path,person\nelsewhere.png,1\n")
    with pytest.raises(RecipeError, match=r"names none of the pictures; its first path is 'else"):
        dealt(Split(group_by=f"{file}:person"), tmp_path)


def test_groups_on_both_sides_of_given_folders_are_said(tmp_path):
    file = table(tmp_path / "people.csv")
    with pytest.raises(RecipeError, match=r"30 groups lie on both sides of split.folders, such as"):
        dealt(Split(folders=("val",), group_by=f"{file}:person"), tmp_path)


def ledger(folder, hashes):
    """A store of the pictures, as far as the split looks at it."""
    ok = [Outcome(Status.OK, 8, 8, 9, f"{number:032x}") for number in hashes]
    names = Ledger.of(np.arange(len(PATHS)), PATHS, ok)
    shard = Shard(0, names, np.arange(len(PATHS)), (np.zeros((len(PATHS), 2), np.float32),))
    path = folder / "embeddings.h5"
    place = folder_of(path) / "00000000.h5"
    place.parent.mkdir()
    write(shard, place)
    header = Header(
        model="",
        probes=("v",),
        preprocess="{}",
        max_pixels=1,
        seed=0,
        batch=1,
        shard_rows=len(PATHS),
        pictures=len(PATHS),
        names="",
        source="",
    )
    write_top(path, header, {0: Extent.of(shard, place)})


def test_copies_of_a_file_are_on_one_side_and_in_one_fold(tmp_path):
    file = np.arange(120) // 2  # each is there twice; PATHS has one of each pair in either folder
    ledger(tmp_path, file)
    sides = dealt(Split(), tmp_path)
    assert not np.intersect1d(file[sides.aside], file[~sides.aside]).size
    assert sides.aside.mean() == pytest.approx(0.3, abs=0.05)
    fold, teach = sides.folds(GROUPS.member, 3, seed=0), file[~sides.aside]
    assert all(len(set(fold[teach == one])) == 1 for one in set(teach))


def test_where_no_file_is_there_twice_the_deal_is_that_of_pictures_alone(tmp_path):
    alone = dealt(Split(), tmp_path)
    (tmp_path / "run").mkdir()
    ledger(tmp_path / "run", np.arange(120))
    sides = dealt(Split(), tmp_path / "run")
    assert np.array_equal(sides.aside, alone.aside)
    assert sides.together is None


def test_copies_of_what_belongs_together_all_stay_together(tmp_path):
    person = np.arange(120) // 3
    file = np.arange(120)
    file[3] = file[0]  # two people, one photograph
    ledger(tmp_path, file)
    sides = dealt(Split(group_by=f"{table(tmp_path / 'people.csv')}:person"), tmp_path)
    assert len(set(sides.together)) == 39
    assert len(set(sides.together[person <= 1])) == 1
    for one in range(2, 40):
        assert len(set(sides.together[person == one])) == 1


def test_copies_on_both_sides_of_given_folders_are_told(tmp_path):
    file = np.arange(120)
    file[1] = file[0]  # val/a/000 and train/b/001
    ledger(tmp_path, file)
    with pytest.warns(UserWarning, match="split.folders keeps 1 picture aside whose file is also"):
        sides = dealt(Split(folders=("val",)), tmp_path)
    assert sides.aside.tolist() == [path.startswith("val/") for path in PATHS]


def test_where_all_are_copies_nothing_can_be_held_out(tmp_path):
    ledger(tmp_path, np.zeros(120, int))
    with pytest.raises(RecipeError, match="nothing can be held out: as copies of one file too man"):
        dealt(Split(), tmp_path)
