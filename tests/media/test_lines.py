"""A file of lines: what is whole stays, what was cut off goes, and nothing of anybody else's is touched."""

import json

import pytest

from see2sound_nb.media.lines import Lines

HOW = {"made by": "see2sound try", "seed": 0}


def written(path, lines, **how):
    with Lines(path, HOW, **how) as file:
        for line in lines:
            file.add(line)
    return file.done


def test_the_last_line_of_a_key_counts_and_large_parts_stay_in_the_file(tmp_path):
    lines = [{"name": "a", "k": 1, "report": [0] * 9}, {"name": "b", "k": 2, "report": []}, {"name": "a", "k": 3}]
    done = written(tmp_path / "x", lines, key="name", left_out=["report"])
    assert done == {"a": {"name": "a", "k": 3}, "b": {"name": "b", "k": 2}}
    assert written(tmp_path / "x", [], key="name", left_out=["report"]) == done  # read anew
    assert [json.loads(line) for line in (tmp_path / "x").read_text().splitlines()] == [HOW, *lines]


def test_cut_anywhere_it_goes_on_after_the_last_whole_line(tmp_path):
    path, lines = tmp_path / "x", [{"photo": name} for name in "abc"]
    written(path, lines)
    content = path.read_bytes()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        done = written(path, [])
        whole = content[:cut].count(b"\n")
        assert list(done) == ["a", "b", "c"][: max(0, whole - 1)]
        assert path.read_bytes() == b"".join(content.splitlines(keepends=True)[: max(1, whole)])
        written(path, lines[len(done) :])
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"a poem\nof two lines\n", b'{"made by": "see2sound try", "seed": 0}\n[]\n', b"1\n{}\n"]
)
def test_what_is_no_such_file_is_left_as_it_is(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="no file of lines as see2sound try writes them; move it away"):
        Lines(tmp_path / "x", HOW)
    assert (tmp_path / "x").read_bytes() == content


def test_other_settings_are_named(tmp_path):
    written(tmp_path / "x", [])
    with pytest.raises(ValueError, match="made with seed 0, not 1; choose another output folder"):
        Lines(tmp_path / "x", {**HOW, "seed": 1})
    (tmp_path / "y").write_text("7\n")
    with pytest.raises(ValueError, match="made by something else"):
        Lines(tmp_path / "y", HOW)
