"""What a region shows, and whether it can be heard: names from a detector and a classifier, in every tier.

The detector knows 80 things, people among them, and says how many there are. The classifier knows 1000, most of them
animals and objects, and no people. Both are asked, and what they say is weighed on one scale (`regions.certainty`).

Notebook: 01_regions.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from see2sound_nb.regions import certainty
from see2sound_nb.regions.activation import kind_evidence, label_probabilities
from see2sound_nb.regions.things import Things, overlaps
from see2sound_nb.sounds import sound_classes
from see2sound_nb.sounds.english import plural

#: What a thing of the detector may be more exactly, if the classifier says so: a "bird" may be a gull, a "truck" a
#: fire engine. Other things are of the kind that `sounds.sound_classes` gives them.
KIN = {
    "bird": ("songbird", "duck", "owl", "crow", "gull", "rooster"),
    "boat": ("ship",),
    "car": ("car", "truck", "siren"),
    "truck": ("truck", "car", "siren"),
    "bus": ("truck", "car"),
    "dog": ("dog", "wolf"),
    "cat": ("cat", "lion"),
    "clock": ("clock", "church_bell"),
}
#: The classifier's name is taken for the detector's where it is at least this sure of it, 0 to 1.
EXACT = 0.5
#: A detection belongs to a region if so much of its box lies in the region's box, and so much of it in the mask.
IN_BOX, IN_MASK = 0.5, 0.25
#: What is smaller than this share of the region's largest thing, or less sure than this share of its surest, is not
#: counted with it.
AS_LARGE, AS_SURE = 0.1, 0.6


@functools.cache
def _classifier():
    from see2sound_nb.sounds.tiny_encoders import TrunkImageEncoder

    return TrunkImageEncoder().eval()


def describe_patches(patches: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """Name what patches show, and say how it sounds.

    Parameters
    ----------
    patches : sequence of np.ndarray
        N patches I_p, each (h, w, 3) uint8 RGB.

    Returns
    -------
    list of dict
        Per patch: ``label`` (the name of the ImageNet class), ``caption`` (how that sounds, in words), ``sound_class``,
        ``probability`` of that class and ``sounds``, how likely the thing can be heard at all, both 0 to 1.

    Notes
    -----
    The classifier is the embedded EfficientNet-Lite0 (``models/weights/trunk.md``); it knows 1000 things, and what it
    does not know it takes for one that it does. Notebook: 01_regions.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    return _classifier().describe(patches) if len(patches) else []


def name_regions(
    M: np.ndarray, R: np.ndarray, patches: Sequence[np.ndarray], things: Things, logits: np.ndarray
) -> list[dict[str, Any]]:
    """Name regions, however they were found.

    Parameters
    ----------
    M : np.ndarray
        (N, H, W) bool.
    R : np.ndarray
        (N, 4) int, boxes as in Eq. 3, [x_min, x_max, y_min, y_max] in pixels.
    patches : sequence of np.ndarray
        N patches I_p, each (h, w, 3) uint8 RGB.
    things : Things
        What the detector finds in the photo, as from `things.find_things`.
    logits : np.ndarray
        (h, w, 1000), what the classifier sees where in it, as from `activation.label_logits`.

    Returns
    -------
    list of dict
        Per region: ``label`` (what it shows, in English), ``number`` (how many of them; 1 where nobody counted),
        ``sound_class``, ``caption`` (how that sounds, in words), ``probability`` that it is of this class, and
        ``sounds``, the same times the chance that such a thing is heard, all 0 to 1.

    Notes
    -----
    Notebook: 01_regions.
    """
    seen = evidence_in(logits)
    looks = zip(M, R, patches, strict=True)
    return [max(readings(*look, things, *seen), key=lambda name: name["probability"]) for look in looks]


def evidence_in(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What speaks for each kind of sound in a photo, as from `activation.kind_evidence`: place by place, and in all.

    Parameters
    ----------
    logits : np.ndarray
        (h, w, 1000), as from `activation.label_logits`.

    Returns
    -------
    maps, whole : np.ndarray
        (h, w, K) and (K,) float32.
    """
    return kind_evidence(label_probabilities(logits)), kind_evidence(label_probabilities(logits.mean(axis=(0, 1))))


def readings(
    mask: np.ndarray, box: np.ndarray, patch: np.ndarray, things: Things, maps: np.ndarray, whole: np.ndarray
) -> list[dict[str, Any]]:
    """All that a region may be: what the classifier makes of it, and each thing that the detector finds in it.

    Parameters
    ----------
    mask, box, patch, things
        As in `name_regions`, of one region.
    maps, whole : np.ndarray
        As from `evidence_in`.

    Returns
    -------
    list of dict
        As from `name_regions`, with ``evidence``: the arguments of `certainty.of_sight` or `certainty.of_detection`.
    """
    labels = patch_probabilities(patch)
    seen = kind_evidence(labels)
    members = things_in(mask, box, things)
    return [_seen(mask, labels, seen, maps, whole), *(_detected(one, things, labels, seen) for one in members)]


def _seen(
    mask: np.ndarray, labels: np.ndarray, seen: np.ndarray, maps: np.ndarray, whole: np.ndarray
) -> dict[str, Any]:
    """The kind that the classifier sees in a region."""
    kind = int(np.argmax(np.where(has_a_place(), seen, 0)))
    there = overlap_with_map(mask, maps[..., kind])
    evidence = (sound_classes.NAMES[kind], float(seen[kind]), float(whole[kind]), there)
    label = int(np.argmax(labels * (kinds_of_labels() == kind)))
    certain, chance = certainty.of_sight(*evidence), sound_classes.label_table()[label][1]
    return {
        "label": sound_classes.label_names()[label],
        "number": 1,
        "sound_class": sound_classes.NAMES[kind],
        "caption": sound_classes.label_captions()[label],
        "probability": certain,
        "sounds": certain * chance,
        "evidence": evidence,
    }


def _detected(members: np.ndarray, things: Things, labels: np.ndarray, seen: np.ndarray) -> dict[str, Any]:
    """What the detector says of the things `members`, made more exact by the classifier where it can be."""
    best = members[np.argmax(things.scores[members])]
    name, number = things.names[best], len(members)
    kind, chance = sound_classes.thing_table().get(name, (sound_classes.NAMES.index("room"), sound_classes.SILENT))
    kin = [sound_classes.NAMES.index(one) for one in KIN.get(name, (sound_classes.NAMES[kind],))]
    evidence = (name, float(things.scores[best]), float(seen[kin].sum()))
    caption = sound_classes.CLASSES[kind].captions[0]
    if name in sound_classes.thing_table():
        caption = sound_classes.thing_caption(name, number)
    spoken = sound_classes.spoken_thing(name)
    exact = int(np.argmax(labels * np.isin(kinds_of_labels(), kin)))
    if name in KIN and labels[exact] >= EXACT:
        kind, chance = sound_classes.label_table()[exact]
        spoken = sound_classes.label_names()[exact]
        caption = sound_classes.label_captions()[exact] if number == 1 else sound_classes.kind_caption(kind, number)
    crowd = name == "person" and number >= sound_classes.CROWD
    certain = certainty.of_detection(*evidence)
    return {
        "label": spoken if number == 1 else f"{number} {plural(spoken)}",
        "number": number,
        "sound_class": "crowd" if crowd else sound_classes.NAMES[kind],
        "caption": caption,
        "probability": certain,
        "sounds": certain * chance,
        "evidence": evidence,
    }


def things_in(mask: np.ndarray, box: np.ndarray, things: Things) -> list[np.ndarray]:
    """Which detected things a region shows.

    Parameters
    ----------
    mask : np.ndarray
        (H, W) bool.
    box : np.ndarray
        (4,) int, as in Eq. 3.
    things : Things

    Returns
    -------
    list of np.ndarray
        Indices of the things of each name; those of one name whose boxes together fill the region's box.
    """
    found = []
    left, right, top, bottom = box
    region = np.array([left, top, right + 1, bottom + 1], dtype=np.float64)
    inside = []
    for k, thing in enumerate(things.boxes):
        common = np.concatenate([np.maximum(thing[:2], region[:2]), np.minimum(thing[2:], region[2:])])
        share = (common[2:] - common[:2]).clip(min=0).prod() / (thing[2:] - thing[:2]).prod()
        x0, y0, x1, y1 = np.round(common).astype(int)
        filled = mask[y0:y1, x0:x1].mean() if share > 0 and y1 > y0 and x1 > x0 else 0.0
        if share >= IN_BOX and filled >= IN_MASK:
            inside.append(k)
    for name in dict.fromkeys(things.names[k] for k in inside):
        members = np.array([k for k in inside if things.names[k] == name])
        members = members[things.scores[members] >= AS_SURE * things.scores[members].max()]
        area = np.prod(things.boxes[members, 2:] - things.boxes[members, :2], axis=1)
        members = members[area >= AS_LARGE * area.max()]
        union = np.concatenate([things.boxes[members, :2].min(axis=0), things.boxes[members, 2:].max(axis=0)])
        if overlaps(region, union[None])[0] >= 0.5:
            found.append(members)
    return found


def overlap_with_map(mask: np.ndarray, evidence: np.ndarray) -> float:
    """How well a mask (H, W) bool fits where a kind is seen, (h, w) from 0 up: their common part over their union."""
    import cv2

    heat = evidence / max(float(evidence.max()), 1e-9)
    cells = cv2.resize(mask.astype(np.float32), heat.shape[::-1], interpolation=cv2.INTER_AREA)
    common = float((cells * heat).sum())
    return common / max(float(cells.sum() + heat.sum()) - common, 1e-9)


@functools.cache
def has_a_place() -> np.ndarray:
    """(K,) bool, whether a thing at a place makes a kind of sound; a beach and the rain are all around."""
    return np.array([sound.name not in sound_classes.ALL_AROUND for sound in sound_classes.CLASSES])


@functools.cache
def kinds_of_labels() -> np.ndarray:
    """(1000,) int, the kind of sound of each of ImageNet's labels, as an index of `sound_classes.CLASSES`."""
    return np.array([kind for kind, _ in sound_classes.label_table()])


def patch_probabilities(patch: np.ndarray) -> np.ndarray:
    """The classifier's probabilities (1000,) float32 of its labels for a patch (h, w, 3) uint8 RGB."""
    return _classifier().label_probabilities([patch], mirror=False)[0].numpy()
