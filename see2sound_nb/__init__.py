"""See what sounds: a photo or a clip in, spatial audio out. A tutorial package around SEE-2-SOUND (Dagli et al. 2024).

>>> import see2sound_nb as s2s
>>> scene = s2s.See2Sound(preset="tiny").run("photo.jpg", sources=3, seed=0)  # doctest: +SKIP
>>> scene.save("photo.wav", layout="5.1")  # doctest: +SKIP
"""

import importlib
from typing import Any

from see2sound_nb._version import __version__ as __version__
from see2sound_nb.measure.interaural import ild_db, itd_s
from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clip_writing import write_clip
from see2sound_nb.media.clips import Clip, open_clip
from see2sound_nb.media.pictures import demo_photo, read_image
from see2sound_nb.media.sound_files import write_wav
from see2sound_nb.models.table import MODELS, PRESETS, list_models
from see2sound_nb.moving import MovingScene, read_frame
from see2sound_nb.notebook import check
from see2sound_nb.notebook.machine import check_machine, setup
from see2sound_nb.notebook.players import Player, compare
from see2sound_nb.notebook.plots import (
    plot_channels,
    plot_depth,
    plot_paths,
    plot_plan,
    plot_regions,
    plot_space_time,
    plot_story,
    show,
)
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.places.depth import estimate_depth
from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.places.lifting import lift
from see2sound_nb.places.loading import load_depth
from see2sound_nb.places.metres import metres_from_inverse_depth
from see2sound_nb.regions.boxes import box_centres, boxes_from_contours, patches_from_boxes
from see2sound_nb.regions.choosing import choose_sources, largest_sources
from see2sound_nb.regions.contours import contours_from_masks
from see2sound_nb.regions.labels import describe_patches
from see2sound_nb.regions.loading import load_sam
from see2sound_nb.regions.masks import automatic_masks
from see2sound_nb.regions.polygons import patches_from_polygons, polygons_from_contours
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.convolution import LiveMix
from see2sound_nb.render.doppler import render_doppler
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.layouts import LAYOUTS
from see2sound_nb.render.moving import render_moving, render_path
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.ism import first_order, shoebox_rir
from see2sound_nb.room.shoebox import Room, image_sources, paper_room, room_around
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.ambience import Ambience
from see2sound_nb.sounds.loading import load_audio

__all__ = [
    "HRTF",
    "LAYOUTS",
    "MODELS",
    "PRESETS",
    "Ambience",
    "ClickToSegment",
    "Clip",
    "CoDi",
    "ListeningStudy",
    "LiveMix",
    "LiveRoom",
    "MovingScene",
    "Player",
    "Room",
    "Scene",
    "See2Sound",
    "automatic_masks",
    "before_after",
    "box_centres",
    "boxes_from_contours",
    "check",
    "check_machine",
    "choose_sources",
    "compare",
    "contours_from_masks",
    "demo_photo",
    "describe_patches",
    "directions",
    "estimate_depth",
    "evaluate_photos",
    "first_order",
    "ild_db",
    "image_sources",
    "impulse_responses",
    "itd_s",
    "largest_sources",
    "lift",
    "list_models",
    "load_audio",
    "load_depth",
    "load_hrtf",
    "load_sam",
    "make_study",
    "metres_from_inverse_depth",
    "open_clip",
    "paper_room",
    "patches_from_boxes",
    "patches_from_polygons",
    "plot_channels",
    "plot_depth",
    "plot_paths",
    "plot_plan",
    "plot_regions",
    "plot_space_time",
    "plot_story",
    "polygons_from_contours",
    "read_frame",
    "read_frames",
    "read_image",
    "render_channels",
    "render_doppler",
    "render_moving",
    "render_path",
    "room_around",
    "setup",
    "shoebox_rir",
    "show",
    "unit_vectors",
    "write_clip",
    "write_wav",
]


#: Names that are imported on first use, and where they are: CoDi needs torch and diffusers, the widgets need anywidget.
_LAZY = {
    "ClickToSegment": "see2sound_nb.notebook.widgets.click_to_segment",
    "CoDi": "see2sound_nb.sounds.codi",
    "ListeningStudy": "see2sound_nb.study.widget",
    "LiveRoom": "see2sound_nb.notebook.widgets.live_room",
    "before_after": "see2sound_nb.evaluation.before_after",
    "evaluate_photos": "see2sound_nb.evaluation.photos",
    "make_study": "see2sound_nb.study.making",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_LAZY[name]), name)
    except ModuleNotFoundError as error:
        if error.name in ("anywidget", "ipywidgets", "traitlets"):
            raise ImportError(f"{name} is a widget and needs {error.name}: pip install 'see2sound_nb[lab]'") from error
        raise
