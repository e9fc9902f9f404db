"""The two towers of the tiny CoDi: sentences and photos into one space of 384 numbers.

The space is that of the MiniLM sentence model (Wang et al. 2020; Reimers and Gurevych 2019). A sentence is embedded
by it directly. A photo is named by the ImageNet trunk, each name has a sentence of what it sounds like, and the
photo's embedding is the mean of those sentences' embeddings, weighted by how sure the trunk is: the idea of
DeViSE and ConSE (Norouzi et al. 2014), with sounds in the place of names.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.utils import BaseOutput

from see2sound_nb._threads import torch_threads
from see2sound_nb.models.trunk import PIXEL_MEAN, PIXEL_STD, load_trunk
from see2sound_nb.sounds import sound_classes
from see2sound_nb.sounds.free_text import token_of_text
from see2sound_nb.sounds.minilm import embed_sentences

TOKEN = 384


@dataclasses.dataclass
class TextEmbeds(BaseOutput):
    """``text_embeds``: (N, 384) float32, each of unit length."""

    text_embeds: torch.Tensor | None = None


@dataclasses.dataclass
class ImageEmbeds(BaseOutput):
    """``image_embeds``: (N, 384) float32, each of unit length."""

    image_embeds: torch.Tensor | None = None


class SentenceEncoder(ModelMixin, ConfigMixin):
    """The text tower: takes sentences themselves, so it needs no tokenizer.

    Sentences of `sounds.sound_classes.known_sentences` are looked up. What another one means, `free_text.kind_of_text`
    says; its token is then drawn to the nearest known sentence of that kind, which the denoiser was trained with.
    """

    @register_to_config
    def __init__(self, token: int = TOKEN):
        super().__init__()
        self.register_buffer("known", torch.zeros(len(sound_classes.known_sentences()), token))

    @torch.no_grad()
    def forward(self, sentences: list[str]) -> TextEmbeds:
        """Embed sentences.

        Parameters
        ----------
        sentences : list of str
            N sentences; "" stands for nothing said.

        Returns
        -------
        TextEmbeds
            ``text_embeds`` (N, 384).

        Raises
        ------
        ModuleNotFoundError
            If the words of a sentence do not say what sounds, and the MiniLM sentence model, which then decides, is
            not installed.
        """
        known = F.normalize(self.known.float(), dim=-1)
        place = {sentence: i for i, sentence in enumerate(sound_classes.known_sentences())}
        rows = {s: known[place[s]] if s in place else self._token(s, known) for s in dict.fromkeys(sentences)}
        return TextEmbeds(text_embeds=torch.stack([rows[s] for s in sentences]))

    def _token(self, sentence: str, known: torch.Tensor) -> torch.Tensor:
        """(384,) of unit length, for a sentence that is not known."""
        return torch.from_numpy(token_of_text(sentence, known.cpu().numpy())).to(known)


def _checked(image) -> np.ndarray:
    """A picture as a copy of (H, W, 3) uint8, for torch to write in."""
    array = np.array(image.convert("RGB") if hasattr(image, "convert") else image)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        raise ValueError(
            f"image of shape {array.shape} and type {array.dtype} must be (H, W, 3) uint8; "
            "convert it with PIL.Image.convert('RGB')"
        )
    return array


class TrunkImageEncoder(ModelMixin, ConfigMixin):
    """The image tower: takes pictures themselves, so it needs no image processor.

    Parameters
    ----------
    size : int
        Side of the square that a picture is resized to, in pixels.
    sharpness : float
        Classes are weighted by their probability to this power. 1 mixes all, larger follows the likeliest.
    """

    #: A sentence may stand in a picture's place.
    takes_sentences = True

    @register_to_config
    def __init__(self, token: int = TOKEN, size: int = 224, sharpness: float = 3.0):
        super().__init__()
        table = sound_classes.label_table()
        self.register_buffer("known", torch.zeros(len(sound_classes.known_sentences()), token))
        self._place = {sentence: row for row, sentence in enumerate(sound_classes.known_sentences())}
        self._labels = [self._place[caption] for caption in sound_classes.label_captions()]
        self.register_buffer("label_class", torch.tensor([k for k, _ in table]), persistent=False)
        self.register_buffer("label_sounds", torch.tensor([s for _, s in table]), persistent=False)

    @torch.no_grad()
    def label_probabilities(self, images, mirror: bool = True) -> torch.Tensor:
        """Probabilities of the 1000 ImageNet labels.

        Parameters
        ----------
        images : sequence
            N pictures: PIL images or (H, W, 3) uint8 arrays, sRGB.
        mirror : bool
            Take the mean over a picture and its mirror image: a little surer, twice the time.

        Returns
        -------
        torch.Tensor
            (N, 1000) float32, rows sum to 1.
        """
        trunk, rows = load_trunk(), []
        with torch_threads(1):
            for image in images:  # one at a time: as fast on a CPU, and needs the least memory
                pixels = self._pixels(image)
                logits = trunk(torch.cat([pixels, pixels.flip(-1)]) if mirror else pixels)
                rows.append(logits.mean(0).softmax(-1))
        return torch.stack(rows)

    def _pixels(self, image) -> torch.Tensor:
        array = _checked(image)
        tensor = torch.from_numpy(array).permute(2, 0, 1)[None].float()
        side = (self.config.size, self.config.size)
        tensor = F.interpolate(tensor, side, mode="bilinear", antialias=True, align_corners=False)
        return (tensor - PIXEL_MEAN[0]) / PIXEL_STD[0]

    def class_probabilities(self, label_probabilities: torch.Tensor) -> torch.Tensor:
        """Which kind of sound is to be expected.

        Parameters
        ----------
        label_probabilities : torch.Tensor
            (N, 1000) float32.

        Returns
        -------
        torch.Tensor
            (N, classes) float32 in the order of `sounds.sound_classes.CLASSES`, rows sum to 1. A label counts by its
            probability times the root of how likely it is heard: what may be a sofa or a dog sounds like a dog.
        """
        out = torch.zeros(len(label_probabilities), len(sound_classes.CLASSES))
        out = out.index_add(1, self.label_class, label_probabilities * self.label_sounds.sqrt())
        return out / out.sum(-1, keepdim=True)

    @torch.no_grad()
    def forward(self, images) -> ImageEmbeds:
        """Embed pictures, or the sentences that pictures have already been named with.

        Parameters
        ----------
        images : sequence
            N pictures as in `label_probabilities`, or sentences: those of `sounds.sound_classes.known_sentences` are
            looked up. A picture of one plain colour gets the embedding of "".

        Returns
        -------
        ImageEmbeds
            ``image_embeds`` (N, 384).
        """
        return ImageEmbeds(image_embeds=torch.stack([self._token(image) for image in images]))

    def _token(self, image) -> torch.Tensor:
        if isinstance(image, str):
            return self.known[self._place[image]].float() if image in self._place else embed_sentences([image])[0]
        if np.ptp(_checked(image)) == 0:
            return self.known[self._place[""]].float()
        probability = self.label_probabilities([image])
        among = self.class_probabilities(probability)[:, self.label_class]
        weight = probability * self.label_sounds.sqrt() * among ** (self.config.sharpness - 1.0)
        return F.normalize(weight @ self.known[self._labels].float(), dim=-1)[0]

    def describe(self, images) -> list[dict]:
        """What each picture shows and whether that can be heard.

        Parameters
        ----------
        images : sequence
            N pictures as in `label_probabilities`.

        Returns
        -------
        list of dict
            Per picture ``label`` (ImageNet name), ``sound_class``, ``caption`` (what it sounds like), ``probability``
            of the class (0 to 1) and ``sounds``, how likely the thing shown is heard at all (0 to 1).
        """
        probability = self.label_probabilities(images, mirror=False)
        classes = self.class_probabilities(probability)
        out = []
        for row, among in zip(probability, classes, strict=True):
            best = int(among.argmax())
            label = int((row * (self.label_class == best)).argmax())
            out.append(
                {
                    "label": sound_classes.label_names()[label],
                    "sound_class": sound_classes.NAMES[best],
                    "caption": sound_classes.label_captions()[label],
                    "probability": float(among[best]),
                    "sounds": float(row @ self.label_sounds),
                }
            )
        return out
