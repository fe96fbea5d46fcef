import pytest
from draw_edits import EDITS, grouping
from hypothesis import HealthCheck, given, settings

from onnxprobe.domains.edits import Drop, Merge, Rename
from onnxprobe.domains.file import NAME, read_edits, write_edits
from onnxprobe.domains.found import joined, on, read_found, write_found
from onnxprobe.errors import DomainError


@given(EDITS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_edits_that_are_written_are_read_again_whatever_the_names(tmp_path, edits):
    write_edits(edits, tmp_path)
    assert read_edits(tmp_path) == edits


def test_a_person_may_write_it_in_any_yaml(tmp_path):
    (tmp_path / NAME).write_text(
        "- {rename: domain 3, to: flags}   # my flags\n"
        "- merge: [flags, 'domain 7']\n"
        "- drop: domain 2\n"
    )
    assert read_edits(tmp_path) == (
        Rename("domain 3", "flags"),
        Merge(("flags", "domain 7"), "flags"),
        Drop(("domain 2",)),
    )


def test_no_file_and_a_file_of_remarks_say_nothing(tmp_path):
    assert read_edits(tmp_path) == ()
    (tmp_path / NAME).write_text("# nothing yet\n")
    assert read_edits(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- [", "is not YAML"),
        ("rename: a", "is a list of edits"),
        ("- renam: a", "entry 1 of .* says one of 'rename', 'merge', .* not {'renam': 'a'}"),
        ("- drop: [a]\n- rename: a", "entry 2 of .*: 'to' takes a name, not None"),
        ("- merge: [a]", "'merge' takes a list of 2 names or more, not \\['a'\\]"),
        ("- drop: [3]", "not \\[3\\]; write numbers in quotes"),
        ("- {rename: [a, b], to: c}", "'rename' takes one name"),
        ("- {drop: a, keep: b}", "says one of"),
    ],
)
def test_what_is_wrong_in_it_is_said_with_where(tmp_path, text, said):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(DomainError, match=said):
        read_edits(tmp_path)


def test_nothing_in_the_file_is_run(tmp_path):
    (tmp_path / NAME).write_text("- !!python/object/apply:os.system ['true']\n")
    with pytest.raises(DomainError, match="is not YAML"):
        read_edits(tmp_path)


def test_groups_that_are_written_are_read_again(tmp_path):
    found, lost = grouping(), grouping((5,), names=["gone"], seed=4)
    write_found(tmp_path, found=found, lost=lost, nothing=grouping(()))
    read = read_found(tmp_path)
    assert read["found"].groups == found.groups
    assert on(read["found"], found.paths).member.tolist() == found.member.tolist()
    assert on(read["lost"], lost.paths).member.tolist() == lost.member.tolist()
    assert len(read["nothing"]) == 0
    both = joined(read["found"], read["lost"])
    assert both.names == (*found.names, "gone")
    assert on(both, found.paths).member[:, :3].tolist() == found.member.tolist()


def test_damaged_groups_are_one_error(tmp_path):
    (tmp_path / "found.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DomainError, match="is damaged; delete it"):
        read_found(tmp_path)
    assert read_found(tmp_path / "elsewhere") is None
