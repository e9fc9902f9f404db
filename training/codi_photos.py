"""Real photos that come with the registries' packages, and the sound class that a person would expect of each.

The stamps are photographs cut out of their background (Debian's ``tuxpaint-stamps-default``); they are laid on
white. Pictures were chosen that clearly show one thing that sounds, with the trunk's labels in view; the class is
what the picture shows, and those that the trunk gets wrong were kept. The list is for evaluation only: nothing of
it is shipped or trained on.
"""

from __future__ import annotations

import pathlib

import numpy as np

STAMPS = pathlib.Path("/usr/share/tuxpaint/stamps")
WALLPAPERS = pathlib.Path("/usr/share/backgrounds/mate/nature")

#: Sound class: names of photos. "skimage:" and "sklearn:" are sample images of those packages.
EXPECTED = {
    "cat": "skimage:chelsea",
    "pour": "skimage:coffee household/dishes/mug household/dishes/pitcher_small",
    "motorcycle": "skimage:stereo_motorcycle",
    "airplane": "skimage:rocket vehicles/flight/planes/747 military/vehicles/f22_raptor",
    "church_bell": "sklearn:china.jpg",
    "bee": "wallpaper:LadyBird.jpg animals/insects/fly animals/insects/hoverfly "
    "animals/insects/bee animals/insects/hornet",
    "frog": "animals/amphibians/frog animals/amphibians/frog-1",
    "pig": "animals/mammals/wildboar animals/mammals/pig animals/mammals/pig_golden animals/mammals/pig_golden2",
    "elephant": "animals/mammals/elephant",
    "lion": "animals/mammals/bears/european-bear animals/mammals/bears/bear animals/mammals/cats/tiger "
    "animals/mammals/cats/tiger_sumatran animals/mammals/cats/lion animals/mammals/cats/lion-2",
    "monkey": "animals/mammals/apes/chimp animals/mammals/apes/gorilla animals/mammals/apes/tamarin_emperor",
    "cow": "animals/mammals/bovines/cow animals/mammals/bovines/cow_white animals/mammals/bovines/bull "
    "animals/mammals/bovines/bison animals/mammals/bovines/yak animals/mammals/bovines/zebu",
    "sheep": "animals/mammals/bovines/sheep animals/mammals/bovines/sheep_lamb animals/mammals/bovines/ram "
    "animals/mammals/bovines/goat animals/mammals/bovines/mountaingoat",
    "dog": "animals/mammals/dogs/dog animals/mammals/dogs/dingo animals/mammals/dogs/fox",
    "horse": "animals/mammals/equines/horse animals/mammals/equines/zebra animals/mammals/equines/donkey "
    "animals/mammals/equines/donkey_eating",
    "crow": "animals/birds/crow animals/birds/magpie",
    "rooster": "animals/birds/rooster animals/birds/hen animals/birds/chicken_profile animals/birds/turkey",
    "owl": "animals/birds/owl",
    "songbird": "animals/birds/lark animals/birds/blackbird",
    "duck": "animals/birds/duck animals/birds/drake animals/birds/gander",
    "gull": "animals/birds/seagull animals/birds/silver-gull",
    "cricket": "animals/insects/grasshopper",
    "truck": "vehicles/garbagetruck vehicles/auto/truck vehicles/construction/dumper vehicles/wheel_tractor "
    "vehicles/masstransit/green_korean_bus military/vehicles/bradley",
    "siren": "vehicles/emergency/firetruck vehicles/emergency/sedan_police",
    "car": "vehicles/auto/beetle vehicles/auto/sedan vehicles/auto/sportscar2 vehicles/race/indycar",
    "bicycle": "vehicles/cycle/pink_tricycle",
    "surf": "vehicles/ship/walnutBoat vehicles/ship/chineseJunk",
    "guitar": "hobbies/music/string/guitar_electric hobbies/music/string/guitar_electric_bass "
    "hobbies/music/string/guitar_classical hobbies/music/string/guitar2",
    "violin": "hobbies/music/string/violin hobbies/music/string/cello",
    "trumpet": "hobbies/music/brass/trumpet",
    "flute": "hobbies/music/wind/bassoon",
    "drums": "hobbies/music/percussion/drumkit hobbies/music/percussion/drum_tomtom_floor",
    "kettle": "household/kettle household/dishes/teapot",
    "glass": "household/dishes/glass",
    "hammer": "household/tools/hammer household/tools/mallet_metal",
    "fire": "naturalforces/fire",
}


def photo_list() -> list[tuple[str, str]]:
    """(name, expected class) of every photo."""
    return [(name, sound) for sound, names in EXPECTED.items() for name in names.split()]


def load_photo(name: str) -> np.ndarray:
    """One photo of the list, (H, W, 3) uint8 sRGB; transparent ones on white, in a square with a small margin."""
    from PIL import Image

    kind, _, rest = name.rpartition(":")
    if kind == "skimage":
        from skimage import data

        picture = getattr(data, rest)()
        return np.asarray(picture[0] if isinstance(picture, tuple) else picture)
    if kind == "sklearn":
        from sklearn.datasets import load_sample_image

        return load_sample_image(rest)
    picture = Image.open(WALLPAPERS / rest if kind else (STAMPS / rest).with_suffix(".png")).convert("RGBA")
    picture.thumbnail((800, 800))
    if kind:
        return np.asarray(picture.convert("RGB"))
    side = round(1.1 * max(picture.size))
    square = Image.new("RGBA", (side, side), "white")
    square.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(square.convert("RGB"))
