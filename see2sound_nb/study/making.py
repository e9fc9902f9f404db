"""A study made of photos: their scenes, the items of these, and the folder that holds it all.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb._progress import Progress, quiet
from see2sound_nb.media.files import check_writable
from see2sound_nb.media.pictures import read_image
from see2sound_nb.media.sound_files import write_wav
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.scene import Scene
from see2sound_nb.study.items import plan_study
from see2sound_nb.study.page import page_html
from see2sound_nb.study.plan import MEDIA, PAGE_FILE, Study

#: The longest side of a picture in pixels, and its quality as a JPEG.
PICTURE_PX, PICTURE_QUALITY = 960, 85
#: Fewer photos cannot be matched; and a page of more would be too large to hand to a class, 1.5 MB each.
FEWEST_PHOTOS, MOST_PHOTOS = 3, 24
CONSENT = (
    "Your decision to take part is voluntary. You may skip any question, and stop at any time without consequences: "
    "\u201cWithdraw\u201d deletes all of your answers.",
    "This study asks how well sounds that a computer made for photographs fit these. You will look at pictures, listen "
    "through headphones, and answer questions. It takes about 15 minutes.",
    "Kept are your answers, how often you played each sound and how long you took. Your name, your address and that of "
    "your device are neither asked for nor kept; a random number stands for you.",
    "The answers are counted together, and may be shown and published in that form.",
    "Begin at a low volume, and turn it up only until it is comfortable.",
)


def make_study(
    photos: Sequence[Any],
    folder: str | os.PathLike,
    *,
    title: str = "A listening study",
    consent: str | Sequence[str] = CONSENT,
    seed: int = 0,
    pipeline: See2Sound | None = None,
    progress: Progress | None = None,
) -> Study:
    """Make a study of photos, in a folder: study.json, one stand-alone page study.html, pictures and sounds.

    Parameters
    ----------
    photos : sequence of photo or Scene
        3 to 24, each as `media.pictures.read_image` takes it, or a scene that is there already. The more, the further
        the answers reach; a listener gets 16 items of all.
    folder : str or path
        Must not exist, or be empty; it appears when all is made.
    title : str
    consent : str or sequence of str
        What a listener agrees to before anything else, in paragraphs.
    seed : int
        Of the sounds that are made, the checks' noise, and the order.
    pipeline : See2Sound, optional
        Which makes the scenes; by default one of the preset ``"tiny"``.
    progress : callable, optional
        Called as ``progress("photos", done, total)``.

    Returns
    -------
    Study
        As it was written; `plan.read_study` reads it again.

    Raises
    ------
    FileNotFoundError, ValueError
        If a photo cannot be read (before any work), is there twice or has no source; if there are too few or too many;
        or if no source of any is off the centre, so that no direction could be asked for.
    FileExistsError
        If the folder is in use.

    Notes
    -----
    Controls: part 1 and 5 in mono, part 2 with another photo's sound, part 3 and 4 with left and right exchanged. All
    sounds are binaural, with the same RMS: what is louder seems better. Paper: section 5.2, appendix B. Notebook:
    08_evaluation.
    """
    folder = pathlib.Path(folder)
    paragraphs = (consent,) if isinstance(consent, str) else tuple(consent)
    if not any(paragraph.strip() for paragraph in paragraphs):
        raise ValueError("consent is empty; listeners must be told what they agree to: leave it out for the usual text")
    check_folder(folder)
    pictures = [photo.image if isinstance(photo, Scene) else read_image(photo) for photo in photos]
    check_photos(pictures)
    tell = progress or quiet
    scenes = []
    for k, photo in enumerate(photos):
        tell("photos", k, len(photos))
        if not isinstance(photo, Scene):
            pipeline = pipeline or See2Sound(preset="tiny")
            photo = pipeline.run(pictures[k], seed=seed)
        if not isinstance(photo, Scene) or not len(photo.audio):
            raise ValueError(f"photo {k + 1} has no source that sounds, so nothing can be asked about it; leave it out")
        scenes.append(photo)
    tell("photos", len(photos), len(photos))
    study, sounds = plan_study(scenes, title, paragraphs, seed)
    _write(study, sounds, dict(zip(study.pictures, pictures)), scenes[0].sample_rate, folder)
    return study


def check_folder(folder: pathlib.Path) -> None:
    """Raise FileExistsError or ValueError if a study cannot be made at `folder`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is in use; a study may have answers in it: choose another folder")
    check_writable(folder.parent.resolve() / f"{folder.name}.")


def check_photos(pictures: Sequence[np.ndarray]) -> None:
    """Raise ValueError if there are too few or too many photos, or one of them twice."""
    if not FEWEST_PHOTOS <= len(pictures) <= MOST_PHOTOS:
        raise ValueError(
            f"{len(pictures)} photos were given; a study needs {FEWEST_PHOTOS} to {MOST_PHOTOS}, of different places"
        )
    for k, picture in enumerate(pictures):
        for before, other in enumerate(pictures[:k]):
            if np.array_equal(picture, other):
                raise ValueError(f"photos {before + 1} and {k + 1} are the same; nobody could match them: drop one")


def _write(
    study: Study, sounds: dict[str, np.ndarray], pictures: dict[str, np.ndarray], rate: int, folder: pathlib.Path
) -> None:
    """Write the folder beside, then rename."""
    from PIL import Image

    beside = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        beside.chmod(0o755)
        (beside / MEDIA).mkdir()
        for key, sound in sounds.items():
            write_wav(beside / MEDIA / f"{key}.wav", sound, rate)
        for key, pixels in pictures.items():
            picture = Image.fromarray(pixels)
            picture.thumbnail((PICTURE_PX, PICTURE_PX))
            picture.save(beside / MEDIA / f"{key}.jpg", quality=PICTURE_QUALITY)
        (beside / PAGE_FILE).write_text(page_html(study, beside / MEDIA), "utf-8")
        study.save(beside)
        if folder.exists():
            folder.rmdir()  # it is empty; not every system renames onto a folder
        os.replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
