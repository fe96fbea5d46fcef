import io

import cv2
import numpy as np
import pytest
from tiny import tiny_model

from onnxprobe.errors import PicturesError, RunError
from onnxprobe.given import arrays, pictures
from onnxprobe.images import open_source, preprocess_for

RNG = np.random.default_rng(0)


def rows(count):
    return RNG.normal(size=(count, 3, 8, 8)).astype(np.float32)


def test_arrays_are_cut_into_runs(tmp_path, tiny):
    image = rows(70)
    np.savez(tmp_path / "in.npz", image=image)
    runs = arrays(tmp_path / "in.npz", tiny)
    assert [len(run["image"]) for run in runs] == [32, 32, 6]
    np.testing.assert_array_equal(np.concatenate([run["image"] for run in runs]), image)


def test_a_fixed_batch_is_filled_up_with_the_last_row(tmp_path):
    image = rows(3)
    np.savez(tmp_path / "in.npz", image=image)
    runs = arrays(tmp_path / "in.npz", tiny_model(batch=2))
    assert [len(run["image"]) for run in runs] == [2, 2]
    np.testing.assert_array_equal(runs[1]["image"], image[[2, 2]])


def test_other_names_say_how_to_write_the_file(tmp_path, tiny):
    np.savez(tmp_path / "in.npz", rows(1))
    with pytest.raises(
        RunError, match=r"holds 'arr_0', but the model reads 'image'; write it with: "
    ):
        arrays(tmp_path / "in.npz", tiny)


def test_another_type_is_refused(tmp_path, tiny):
    np.savez(tmp_path / "in.npz", image=rows(1).astype(np.float64))
    with pytest.raises(RunError, match=r"'image' is float64 in .* but the model reads float32"):
        arrays(tmp_path / "in.npz", tiny)


@pytest.mark.parametrize("content", [b"", b"not a file", None])
def test_another_kind_of_file_is_refused(tmp_path, tiny, content):
    if content is None:
        file = io.BytesIO()
        np.save(file, rows(1))
        content = file.getvalue()
    (tmp_path / "in.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"is not an \.npz file of arrays"):
        arrays(tmp_path / "in.npz", tiny)


def test_pickled_objects_are_not_opened(tmp_path, tiny):
    np.savez(tmp_path / "in.npz", image=np.array([{"a": 1}], dtype=object))
    with pytest.raises(RunError, match=r"is not an \.npz file of arrays"):
        arrays(tmp_path / "in.npz", tiny)


def test_as_many_rows_of_each_input(tmp_path):
    from onnx import TensorProto, helper

    from onnxprobe.graph.model import Model

    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 3]) for n in ("a", "b", "y")]
    node = helper.make_node("Add", ["a", "b"], ["y"])
    model = Model(helper.make_model(helper.make_graph([node], "two", infos[:2], infos[2:])))
    ones = np.ones((4, 3), np.float32)
    np.savez(tmp_path / "in.npz", a=ones, b=ones[:3])
    with pytest.raises(RunError, match="holds 4 rows of 'a', 3 rows of 'b'; they must be as many"):
        arrays(tmp_path / "in.npz", model)


def write_pictures(folder, count):
    folder.mkdir()
    for i in range(count):
        cv2.imwrite(str(folder / f"{i:02}.png"), RNG.integers(0, 255, (9, 9, 3), dtype=np.uint8))


def test_pictures_are_drawn_at_random_and_broken_ones_passed_over(tmp_path, tiny):
    write_pictures(tmp_path / "photos", 8)
    (tmp_path / "photos" / "03.png").write_bytes(b"broken")
    prepared, _ = preprocess_for(tiny)
    source = open_source(str(tmp_path / "photos"))
    runs = pictures(source, tiny, prepared, count=5)
    assert [run["image"].shape for run in runs] == [(5, 3, 8, 8)]
    again = pictures(source, tiny, prepared, count=5)
    np.testing.assert_array_equal(runs[0]["image"], again[0]["image"])
    assert len(pictures(source, tiny, prepared, count=99)[0]["image"]) == 7


def test_pictures_that_are_all_broken_are_refused(tmp_path, tiny):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(b"broken")
    prepared, _ = preprocess_for(tiny)
    with pytest.raises(PicturesError, match=r"none of the pictures in .* can be read and decoded"):
        pictures(open_source(str(tmp_path / "photos")), tiny, prepared)
