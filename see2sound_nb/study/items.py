"""The items of a study: which picture, which sounds, what is asked.

Every item of the method has a twin, its control: the same picture, the same questions, and another sound. What
listeners answer from the picture alone, they answer to both.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from see2sound_nb.places.frames import directions
from see2sound_nb.scene import Scene
from see2sound_nb.study import questions, stimuli
from see2sound_nb.study.plan import Item, Study

#: How many pairs (an item and its control) of each part a listener gets: 16 items, a quarter of an hour.
PAIRS = {1: 1, 2: 2, 3: 2, 4: 2, 5: 1}
#: No sound of an item is longer, in seconds; and how long it fades out where it is cut.
CLIP_S, FADE_OUT_S = 6.0, 0.5
#: All sounds of the items have this RMS in dB of full scale, or as much less as the highest peak among them needs.
LEVEL_DB = -23.0
#: So many pictures are matched to as many sounds.
MATCHED = 3
#: In part 3, at most so many sources of a scene are asked for.
MOST_ASKED = 2


def plan_study(
    scenes: Sequence[Scene], title: str, consent: tuple[str, ...], seed: int
) -> tuple[Study, dict[str, np.ndarray]]:
    """The items of a study, and its sounds.

    Parameters
    ----------
    scenes : sequence of Scene
        At least three, all at one sample rate.
    title : str
    consent : tuple of str
    seed : int

    Returns
    -------
    study : Study
    sounds : dict of str to np.ndarray
        For each key (2, T) float32, left and right, full scale 1.

    Raises
    ------
    ValueError
        If no source is off the centre, or the scenes' sample rates differ.
    """
    rates = {scene.sample_rate for scene in scenes}
    if len(rates) != 1:
        raise ValueError(f"the scenes have sample rates of {sorted(rates)} Hz; make all with one preset")
    (rate,) = rates
    rng = np.random.default_rng(seed)
    checks = {
        "ears": stimuli.ear_trials(rng, rate),
        "softest": stimuli.antiphase_trials(rng, rate),
        "hidden": stimuli.huggins_trials(rng, rate),
    }
    numbers = iter(rng.permutation(3 * len(scenes)) + 1)
    keys = {(kind, k): f"s{next(numbers):02d}" for kind in ("spatial", "mono", "mirrored") for k in range(len(scenes))}
    sounds = dict(zip(keys.values(), _variants(scenes, rate)))
    pictures = {f"p{k + 1:02d}": _description(scene) for k, scene in enumerate(scenes)}
    sounds |= stimuli.sides(rng, rate)
    items: list[Item] = []
    for name, trials in checks.items():
        for k, (sound, right) in enumerate(trials, start=1):
            sounds[f"{name}-{k}"] = sound
            asked = (questions.screening_question(name, right),)
            items.append(Item(f"{name}-{k}", 0, False, name, (), (f"{name}-{k}",), asked))
    drafts = _drafts(scenes, list(pictures), keys, rng)
    for item, place in zip(drafts, rng.permutation(len(drafts)) + 1):
        items.append(dataclasses.replace(item, key=f"i{place:03d}", sounds=tuple(sorted(item.sounds))))
    told = repr((title, consent, seed, items, [sounds[key].tobytes() for key in sorted(sounds)]))
    key = hashlib.sha256(told.encode()).hexdigest()[:12]
    return Study(key, title, seed, consent, tuple(items), pictures, dict(PAIRS)), sounds


def _drafts(
    scenes: Sequence[Scene], pictures: list[str], keys: dict[tuple[str, int], str], rng: np.random.Generator
) -> list[Item]:
    """All items and their controls, without keys yet. A pair's name is a number, so that it says nothing either."""
    pairs: list[tuple[Item, Item]] = []
    other = int(rng.integers(1, len(scenes)))
    for k, scene in enumerate(scenes):
        spatial, mono, mirrored = (keys[kind, k] for kind in ("spatial", "mono", "mirrored"))
        strange = keys["spatial", (k + other) % len(scenes)]
        heard, rated = (questions.heard_question(),), questions.rating_questions()
        real = [(questions.real_question(sound, mono),) for sound in (spatial, mirrored)]
        shown = (pictures[k],)
        pairs.append(_pair(1, shown, ((spatial,), heard), ((mono,), heard)))
        pairs.append(_pair(2, shown, ((spatial,), rated), ((strange,), rated)))
        if any(off_centre(scene)):
            asked = [_places(scene, exchanged) for exchanged in (False, True)]
            pairs.append(_pair(3, shown, ((spatial,), asked[0]), ((mirrored,), asked[1])))
        pairs.append(_pair(4, shown, ((spatial, mono), real[0]), ((mirrored, mono), real[1])))
    if not any(item.part == 3 for item, _ in pairs):
        raise ValueError(
            f"no source of any photo is {questions.CENTRE_DEG:g} degrees or more to a side, so no direction can be "
            "asked for; add a photo with something that sounds on the left or right"
        )
    order = rng.permutation(len(scenes)).tolist()
    for first in range(0, len(scenes) - MATCHED + 1, MATCHED):
        three = order[first : first + MATCHED]
        shown = tuple(pictures[k] for k in three)
        played = [tuple(keys[kind, k] for k in three) for kind in ("spatial", "mono")]
        asked = [questions.match_questions(shown, sounds) for sounds in played]
        pairs.append(_pair(5, shown, (played[0], asked[0]), (played[1], asked[1])))
    numbers = rng.permutation(len(pairs)) + 1
    return [dataclasses.replace(item, pair=f"{n:03d}") for pair, n in zip(pairs, numbers) for item in pair]


def _pair(
    part: int,
    pictures: tuple[str, ...],
    method: tuple[tuple[str, ...], tuple[questions.Question, ...]],
    control: tuple[tuple[str, ...], tuple[questions.Question, ...]],
) -> tuple[Item, Item]:
    return Item("", part, False, "", pictures, *method), Item("", part, True, "", pictures, *control)


def off_centre(scene: Scene) -> list[bool]:
    """Which sources can be asked for: those to a side, of whose name there is but one."""
    azimuth_deg = directions(scene.positions_m)[0]
    names = [source["label"] for source in scene.labels]
    return [abs(a) >= questions.CENTRE_DEG and names.count(n) == 1 for a, n in zip(np.ravel(azimuth_deg), names)]


def _places(scene: Scene, mirrored: bool) -> tuple[questions.Question, ...]:
    """Where the sources are whose side can be told; where they are heard, if left and right are exchanged."""
    azimuth_deg, _, distance_m = (np.ravel(values) for values in directions(scene.positions_m))
    clear = off_centre(scene)
    asked = sorted((k for k in range(len(clear)) if clear[k]), key=lambda k: -abs(azimuth_deg[k]))[:MOST_ASKED]
    found: list[questions.Question] = []
    for number, k in enumerate(asked, start=1):
        heard_deg = float(-azimuth_deg[k] if mirrored else azimuth_deg[k])
        found += questions.place_questions(scene.labels[k]["label"], number, heard_deg, float(distance_m[k]))
    return (*found, questions.localization_question())


def _variants(scenes: Sequence[Scene], rate: int) -> list[np.ndarray]:
    """Of every scene the binaural sound, then of every scene the same in mono, then with left and right exchanged."""
    spatial = [_cut(scene.render("binaural"), rate) for scene in scenes]
    mono = [np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0) for sound in spatial]
    sounds = [*spatial, *mono]
    rms = [float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) for sound in sounds]
    if min(rms) <= 0:
        raise ValueError(f"photo {rms.index(min(rms)) % len(scenes) + 1} is silent; leave it out")
    highest = max(float(np.abs(sound).max()) / level for sound, level in zip(sounds, rms))
    level = min(10 ** (LEVEL_DB / 20), 0.99 / highest)
    sounds = [(sound * (level / own)).astype(np.float32) for sound, own in zip(sounds, rms)]
    return [*sounds, *(sound[::-1] for sound in sounds[: len(scenes)])]


def _cut(sound: np.ndarray, rate: int) -> np.ndarray:
    sound = sound[:, : round(CLIP_S * rate)].copy()
    length = min(round(FADE_OUT_S * rate), sound.shape[1])
    sound[:, -length:] *= np.linspace(1, 0, length, dtype=np.float32)
    return sound


def _description(scene: Scene) -> str:
    names = ", ".join(dict.fromkeys(source["label"] for source in scene.labels))
    return f"Photo: {names}"
