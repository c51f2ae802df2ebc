"""Files are whole or not there."""

import pytest

from anime_color.files import written_aside


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    with written_aside(tmp_path / "card.md") as aside:
        aside.write_text("whole")
        assert not (tmp_path / "card.md").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]


def test_a_failure_keeps_the_old_file_and_leaves_no_half_one(tmp_path):
    (tmp_path / "card.md").write_text("old")
    with pytest.raises(OSError, match="full"), written_aside(tmp_path / "card.md") as aside:
        aside.write_text("ha")
        raise OSError("full")
    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]
    assert (tmp_path / "card.md").read_text() == "old"
