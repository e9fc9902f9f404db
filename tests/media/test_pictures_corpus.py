"""A table of pictures and what comes of each: four quarters in their colours, or a line that helps."""

import io
import logging
import os
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from media.pictures_corpus import (
    NOISE,
    OTHERS_COME_OUT,
    QUARTERS_COME_OUT,
    READ_WITH_A_NOTE,
    REFUSED,
    cut,
    exif_of,
    sixth,
)
from media.pictures_made import HEIGHT, QUARTERS, WIDTH, saved, turned
from PIL import Image

from see2sound_nb.media.pictures import read_image


def check_quarters(seen: np.ndarray, colours, name: str) -> None:
    assert seen.shape == (HEIGHT, WIDTH, 3) and seen.dtype == np.uint8 and seen.flags.writeable
    for place, colour in zip(((16, 24), (16, 72), (48, 24), (48, 72)), colours):
        np.testing.assert_allclose(seen[place], colour, atol=6, err_msg=f"{name} at {place}")


@pytest.mark.parametrize("name", QUARTERS_COME_OUT)
def test_the_quarters_come_out(name):
    notes: list[str] = []
    check_quarters(read_image(QUARTERS_COME_OUT[name](), notes), QUARTERS, name)
    assert notes == []


@pytest.mark.parametrize("name", OTHERS_COME_OUT)
def test_what_is_grey_or_seen_through_comes_out(name):
    make, colours = OTHERS_COME_OUT[name]
    check_quarters(read_image(make()), colours, name)


@pytest.mark.parametrize("name", READ_WITH_A_NOTE)
def test_what_is_not_quite_whole_is_read_with_a_note(name):
    make, note = READ_WITH_A_NOTE[name]
    with pytest.warns(UserWarning, match=note) as caught:
        seen = read_image(make())
    assert len(caught) == 1 and str(caught[0].message).startswith("Of the picture in memory ")
    if seen.shape[1] == 320:
        assert seen.shape[0] > 0.9 * 240 and seen.shape[1:] == (320, 3)
        rows = min(len(seen), 200)
        first = 240 - len(seen) if "BMP" in name else 0
        whole = np.asarray(NOISE)[first : first + rows].astype(int)
        assert np.corrcoef(seen[:rows].ravel(), whole.ravel())[0, 1] > 0.4, "these are its rows"
        assert (seen.std(axis=(1, 2)) > 20).all(), "none of them is empty"


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(name):
    make, kind, message = REFUSED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = make()
        with pytest.raises(kind, match=message) as caught:
            read_image(source)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 420 and "object at 0x" not in said and said.isprintable()


@pytest.mark.parametrize("name", ["JPEG, turned", "PNG"])
def test_files_are_named_by_their_path(tmp_path, name):
    path = tmp_path / "ä photo.jpg"
    path.write_bytes(saved(NOISE, "JPEG")[:3000])
    with pytest.raises(ValueError, match=r"ä photo\.jpg is not a whole picture"):
        read_image(path)
    with open(path, "rb") as file, pytest.raises(ValueError, match=r"ä photo\.jpg is not a whole picture"):
        read_image(file)
    with Image.open(path) as picture, pytest.raises(ValueError, match=r"ä photo\.jpg"):
        read_image(picture)


def test_an_open_picture_is_left_as_it_was():
    file = io.BytesIO(sixth("TIFF", compression="tiff_lzw"))
    with Image.open(file) as picture:
        before = (picture.size, picture.mode, file.tell())
        check_quarters(read_image(picture), QUARTERS, "TIFF")
        assert (picture.size, picture.mode, file.tell()) == before
        check_quarters(np.array(picture), QUARTERS, "by Pillow itself")
        check_quarters(read_image(picture), QUARTERS, "loaded")


def test_threads_do_not_silence_the_process(capfd):
    logger, data = logging.getLogger("PIL"), saved(NOISE, "TIFF", compression="tiff_lzw")
    level, filters = logger.level, list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        assert len({read.tobytes() for read in pool.map(read_image, [data] * 64)}) == 1
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard" and logger.level == level and warnings.filters == filters


def test_heic_is_read_where_its_package_is(monkeypatch):
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(turned(6)).save(file, quality=95, exif=exif_of(6).tobytes())
    Image.init()  # which Pillow does by itself when it first has to
    before = dict(Image.OPEN)
    check_quarters(read_image(file.getvalue()), QUARTERS, "HEIC")
    assert before == Image.OPEN, "nothing is registered"
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ValueError, match=r"is a HEIC photo, which needs .*: pip install 'see2sound_nb\[heic\]'"):
        read_image(file.getvalue())


def test_heic_has_a_sentence_of_its_own_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for brand in (b"heic", b"mif1", b"heix"):
        with pytest.raises(ValueError, match="HEIC photo"):
            read_image(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(60))


@pytest.mark.slow
def test_a_runs_notes_begin_with_those_of_its_photo(pipeline):
    masks = np.ones((1, 240, 320), bool)
    scene = pipeline.run(cut(saved(NOISE, "JPEG"), 60), masks=masks, steps=1, ambience=False)
    assert scene.notes[0] == "Of the picture in memory the last blocks are coarse or missing."
