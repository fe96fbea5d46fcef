import numpy as np
import pytest

from onnxprobe.errors import RecipeError
from onnxprobe.recipe import Kept
from recipes.attributes import Attributes


class Pictures:
    paths = tuple(f"{i:03}.png" for i in range(100))
    views = Kept({"pick:mean": np.zeros((100, 2), np.float32)}, "k")


def table(path, **columns):
    lines = [",".join(["path", *columns])]
    lines += [
        ",".join([name, *(v[i] for v in columns.values())]) for i, name in enumerate(Pictures.paths)
    ]
    path.write_text("\n".join(lines))
    return str(path)


ODD = ["yes" if i % 2 else "No" for i in range(100)]
HAIR = [("red", "grey", "", "blond")[i % 4] for i in range(100)]
RARE = ["1" if i < 5 else "0" for i in range(100)]


def test_yes_and_no_are_one_domain_and_other_values_one_each(tmp_path):
    file = table(tmp_path / "a.csv", odd=ODD, hair=HAIR)
    found = Attributes(file).read(Pictures).value
    assert found.names == ("odd", "hair: blond", "hair: grey", "hair: red")
    assert found.member[:, 0].tolist() == [i % 2 == 1 for i in range(100)]
    assert found.known[:, 0].all()


def test_an_empty_cell_and_a_picture_that_is_not_listed_are_not_known(tmp_path):
    file = tmp_path / "a.csv"
    table(file, odd=ODD, hair=HAIR)
    file.write_text("\n".join(file.read_text().splitlines()[:81]))
    found = Attributes(str(file)).read(Pictures).value
    assert found.known[:, 0].tolist() == [i < 80 for i in range(100)]
    assert found.known[:, 1].tolist() == [i < 80 and i % 4 != 2 for i in range(100)]
    assert not (found.member & ~found.known).any()


def test_values_too_rare_to_learn_are_left_out_and_columns_can_be_chosen(tmp_path):
    file = table(tmp_path / "a.csv", odd=ODD, hair=HAIR, rare=RARE)
    assert "rare" not in Attributes(file).read(Pictures).value.names
    assert "rare" in Attributes(file, smallest=5).read(Pictures).value.names
    assert Attributes(file, columns=("odd",)).read(Pictures).value.names == ("odd",)


def test_more_that_is_known_is_another_input(tmp_path):
    first = Attributes(table(tmp_path / "a.csv", odd=ODD)).read(Pictures)
    second = Attributes(table(tmp_path / "b.csv", odd=["", *ODD[1:]])).read(Pictures)
    assert first.key != second.key


@pytest.mark.parametrize(
    ("columns", "step", "message"),
    [
        (
            {},
            {"file": ""},
            "what is known is missing; name a table: --set attributes.file=FILE.csv",
        ),
        ({}, {"file": "none.csv"}, "'none.csv' cannot be read: No such file or directory"),
        ({"odd": ODD}, {"columns": ("even",)}, "has no column 'even'; there is 'path', 'odd'"),
        (
            {"rare": RARE},
            {},
            "no attribute in .* has a value with 12 pictures inside and as many outs",
        ),
    ],
)
def test_what_cannot_be_learnt_is_said(columns, step, message, tmp_path):
    file = table(tmp_path / "a.csv", **columns)
    with pytest.raises(RecipeError, match=message):
        Attributes(**{"file": file, **step}).read(Pictures)


def test_a_table_of_other_pictures_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("path,odd\nelsewhere.png,yes\n")
    with pytest.raises(
        RecipeError, match=r"says nothing of the pictures; its first path is 'elsewh"
    ):
        Attributes(str(tmp_path / "a.csv")).read(Pictures)


def test_two_values_that_would_have_one_name_are_refused(tmp_path):
    lines = ["path,odd,odd", *(f"{name},{i % 2},{i % 2}" for i, name in enumerate(Pictures.paths))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(RecipeError, match="would both be called 'odd'; rename a column"):
        Attributes(str(tmp_path / "a.csv")).read(Pictures)
