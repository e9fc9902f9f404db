"""What a folder, a glob, a list and a table hold; and outputs whose names never meet."""

import os
import pathlib

import pytest

from see2sound_nb.batches.items import find_items


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("p/dog.jpg", "p/a/dog.jpg", "p/a/b/film.MP4", "p/notes.txt", "p/.hidden.jpg", "p/.git/dog.jpg"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


def names(photos, out="out", **how):
    return [item.name for item in find_items(photos, pathlib.Path(out).absolute(), **how)]


def test_a_folder_keeps_its_structure(here):
    items = find_items("p", here / "out", prompt="rain", seed=7)
    assert [item.name for item in items] == ["a/b/film", "a/dog", "dog"]
    assert [item.photo for item in items] == ["a/b/film.MP4", "a/dog.jpg", "dog.jpg"]
    assert all(item.path.is_absolute() and item.path.is_file() for item in items)
    assert {(item.prompt, item.seed) for item in items} == {("rain", 7)}


@pytest.mark.parametrize(
    ("photos", "found"),
    [
        ("p/*.jpg", ["dog"]),
        ("p/*", ["dog"]),
        ("p/**/*", ["a/b/film", "a/dog", "dog"]),
        ("*/a/*.jpg", ["p/a/dog"]),
        ("p/a/dog.jpg", ["dog"]),
        (["p/a/dog.jpg", "p/dog.jpg"], ["a/dog", "dog"]),  # as a shell expands p/**/*.jpg
        (["p/dog.jpg"], ["dog"]),
        (["p/a", "p/dog.jpg"], ["a/b/film", "a/dog", "dog"]),
        (["p/dog.jpg", "p/gone.jpg"], ["dog", "gone"]),  # a line will say that it is not there
        (["p/notes.txt"], ["notes"]),  # what is named is tried
    ],
)
def test_globs_files_and_lists(here, photos, found):
    assert names(photos) == found
    assert names([here / one for one in photos] if isinstance(photos, list) else here / photos) == found


def test_outputs_are_never_taken_for_photos(here):
    (here / "p/out").mkdir()
    (here / "p/out/film.sound.mp4").touch()
    assert names("p", "p/out") == names("p/**/*", "p/out") == ["a/b/film", "a/dog", "dog"]
    (here / "p/out/film.sound.mp4").unlink()
    assert names("p", ".") == ["a/b/film", "a/dog", "dog"]  # into a folder above
    with pytest.raises(ValueError, match="folder of the photos; choose a folder of its own"):
        names("p", "p")
    with pytest.raises(ValueError, match="folder of its own"):
        names("p/*.jpg", "p/../p")


def test_names_that_would_meet_are_numbered(here):
    table = here / "t.csv"
    photos = [
        "dog.jpg",
        "Dog.jpg",
        "dog-2.png",
        "dog.png",
        "dog.jpg",
        "stra\u00dfe.jpg",
        "STRASSE.jpg",
        "caf\u00e9.jpg",
    ]
    table.write_text("\n".join(["photo", *photos, "cafe\u0301.png"]), "utf-8")
    found = names("t.csv")
    assert found[:5] == ["dog", "Dog-2", "dog-2-2", "dog-3", "dog-4"]
    assert found[5:8] == ["stra\u00dfe", "STRASSE-2", "caf\u00e9"] and found[8].endswith("-2")
    assert len({name.casefold() for name in found}) == len(found)


def test_a_table_says_what_it_says_and_what_lies_elsewhere_goes_to_the_top(here, tmp_path_factory):
    away = tmp_path_factory.mktemp("away") / "far.jpg"
    (here / "p/t.csv").write_text(f"photo,prompt,seed\na/dog.jpg,,3\n../q/x.jpg,in the rain,\n{away},,\n")
    items = find_items("p/t.csv", here / "out", prompt="at night", seed=1)
    assert [(item.name, item.prompt, item.seed) for item in items] == [
        ("a/dog", "at night", 3), ("x", "in the rain", 1), ("far", "at night", 1),
    ]  # fmt: skip
    assert items[0].photo == "a/dog.jpg" and items[2].photo == away.as_posix()
    assert os.path.samefile(items[0].path, here / "p/a/dog.jpg")


@pytest.mark.parametrize("photos", ["nowhere", "nowhere/*.jpg", [], "p/a/b/*.jpg", 3])
def test_nothing_to_do_is_said(here, photos):
    with pytest.raises(ValueError, match="give a folder, a glob"):
        names(photos)
