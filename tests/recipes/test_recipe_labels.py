import numpy as np
import pytest

from onnxprobe.errors import RecipeError
from onnxprobe.recipe import Kept
from recipes.labels import Labels


class Pictures:
    def __init__(self, paths):
        self.paths = tuple(paths)
        self.views = Kept({"pick:mean": np.zeros((len(self.paths), 2), np.float32)}, "k")


def shelves(*names, each=10):
    return [f"{name}/{i}.png" for name in names for i in range(each)]


def test_the_folder_is_the_class():
    found = Labels().read(Pictures([*shelves("dog", "cat"), "alone.png"])).value
    assert found.names == ("cat", "dog")
    assert found.member[:10].tolist() == [[False, True]] * 10
    assert found.known[-1].tolist() == [False, False]
    assert found.known[:-1].all()


def test_another_level_can_be_the_class():
    paths = shelves("train/dog", "val/dog", "train/cat", "val/cat", each=4)
    assert Labels().read(Pictures(paths)).value.names == ("cat", "dog")
    with pytest.raises(RecipeError, match="the 20 pictures have no class"):
        Labels(level=1).read(Pictures(shelves("dog", "cat")))
    assert Labels(level=0).read(Pictures(paths)).value.names == ("train", "val")


def test_a_table_can_say_the_class(tmp_path):
    paths = [f"{i}.png" for i in range(30)]
    file = tmp_path / "labels.csv"
    file.write_text(
        "path,label\n" + "".join(f"{p},{'ab'[i % 2]}\n" for i, p in enumerate(paths[:20]))
    )
    found = Labels(file=str(file)).read(Pictures(paths)).value
    assert found.names == ("a", "b")
    assert found.known.any(axis=1).sum() == 20


def test_a_class_can_be_left_out():
    pictures = Pictures([*shelves("dog", "cat", "cow"), *shelves("newt", each=2)])
    found = Labels(leave_out=("cow", "newt")).read(pictures).value
    assert found.names == ("cat", "dog")
    assert found.known.any(axis=1).sum() == 20


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (
            shelves("dog"),
            (
                "the 10 pictures have only the class 'dog'; put those of each class into a folder of its "
                "own, or name a table with --set labels.file=FILE.csv"
            ),
        ),
        (["a.png", "b.png"], "the 2 pictures have no class; put those"),
        (
            [*shelves("dog", "cat"), *shelves("newt", each=2)],
            (
                "1 class has fewer than 8 pictures: 'newt'; add some, or leave them out with --set "
                "labels.leave_out='[\"newt\", …]'"
            ),
        ),
    ],
)
def test_what_cannot_be_learnt_is_said(paths, message):
    with pytest.raises(RecipeError) as caught:
        Labels().read(Pictures(paths))
    assert str(caught.value).startswith(message)


def test_a_missing_table_is_said():
    with pytest.raises(
        RecipeError, match=r"'none.csv' cannot be read: .*; name the file with --set"
    ):
        Labels(file="none.csv").read(Pictures(shelves("a", "b")))
