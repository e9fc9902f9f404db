"""AViTAR's network: it hears a sound, sees the photo of a place, and says the sound as it would be there.

Convolutions turn the waveform into frames of 8 ms, a ResNet-18 the photo into 15 tokens; in four blocks the frames hear
each other and look at the tokens; convolutions turn them into a waveform again. Written from a description.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()
from torchvision.models import resnet18  # noqa: E402

#: The strides of the convolutions by which samples become frames, and of those by which frames become samples.
STRIDES = (8, 4, 2, 2)
#: Samples in a frame.
HOP = math.prod(STRIDES)
#: The fewest frames that a sound may have: a reflection of 3 needs a fourth to mirror them at.
LEAST_FRAMES = 4
#: Numbers in a frame and in a token, the heads that share them, how many blocks follow each other.
WIDTH, HEADS, BLOCKS = 512, 8, 4
#: Channels of the waveform's first and last layer; taps of its convolutions, and of that among frames.
CHANNELS, WAVE_TAPS, FRAME_TAPS = 32, 7, 31
#: Rows and columns of the tokens of a photo.
TOKENS = (3, 5)
#: What LeakyReLU leaves of a negative number.
LEAK = 0.2


class AViTAR(nn.Module):
    """The audio-visual transformer for audio generation, without the discriminators of its training.

    Attributes
    ----------
    look : torchvision.models.ResNet
        Photo to `TOKENS`.
    listen, speak : torch.nn.Sequential
        Waveform to frames and back, convolutions alone.
    project : torch.nn.Linear
        Between `listen` and the blocks.
    blocks : torch.nn.ModuleList
        Of `Block`.

    Notes
    -----
    Chen, Gao, Calamia and Grauman, "Visual Acoustic Matching", CVPR 2022. Weight normalisation is a matter of
    training: the weights here are whole. Notebook: 08_evaluation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.look = resnet18(weights=None)
        self.look.avgpool, self.look.fc = nn.AdaptiveAvgPool2d(TOKENS), nn.Identity()
        self.listen = nn.Sequential(*_listening())
        self.project = nn.Linear(WIDTH, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.speak = nn.Sequential(*_speaking())

    def tokens(self, pictures: torch.Tensor) -> torch.Tensor:
        """What is seen in each of 15 parts of a photo.

        Parameters
        ----------
        pictures : torch.Tensor
            (B, 3, 180, 320) float, RGB, normalised as ImageNet's photos are; see `matching.seen`.

        Returns
        -------
        torch.Tensor
            (B, 15, 512), the rows of the photo one after another, not negative.
        """
        return self.look(pictures).unflatten(1, (WIDTH, math.prod(TOKENS))).mT

    def forward(self, sounds: torch.Tensor, tokens: torch.Tensor, *, places: bool = True) -> torch.Tensor:
        """Sounds as they would be in the places of photos.

        Parameters
        ----------
        sounds : torch.Tensor
            (B, T) float, full scale 1, at 16 kHz; T at least `LEAST_FRAMES` * `HOP`.
        tokens : torch.Tensor
            (B, n, 512), of `tokens`.
        places : bool
            Whether it is told where in the photo a token is.

        Returns
        -------
        torch.Tensor
            (B, T // `HOP` * `HOP`), between -1 and 1.

        Raises
        ------
        RuntimeError
            From torch, if T is less.
        """
        where = sines(tokens.shape[1], tokens) if places else torch.zeros_like(tokens[0])
        frames = self.project(self.listen(sounds[:, None]).mT)
        for block in self.blocks:
            frames = block(frames, tokens, where)
        return self.speak(frames.mT)[:, 0]


class Block(nn.Module):
    """A conformer's block with a sense of sight: each step adds to the frames what it makes of them.

    Notes
    -----
    Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition", Interspeech 2020, section 2.4;
    the second attention, to the photo, is AViTAR's. Notebook: 08_evaluation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.before, self.hear, self.see = FeedForward(), SelfAttention(), CrossAttention()
        self.near, self.after, self.norm = Convolution(), FeedForward(), nn.LayerNorm(WIDTH)

    def forward(self, frames: torch.Tensor, tokens: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
        """(B, L, 512) from frames (B, L, 512), tokens (B, n, 512) and the code of their places (n, 512)."""
        frames = frames + self.before(frames) / 2
        frames = frames + self.hear(frames)
        frames = frames + self.see(frames, tokens, where)
        frames = frames + self.near(frames)
        frames = frames + self.after(frames) / 2
        return self.norm(frames)


class FeedForward(nn.Module):
    """Each frame by itself, through a layer four times as wide. Gulati et al., section 2.3."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(B, L, 512) from (B, L, 512)."""
        return self.narrow(F.silu(self.wide(self.norm(frames))))


class SelfAttention(nn.Module):
    """All frames with each other, by what they hold and by how far they are apart.

    Notes
    -----
    Dai et al., "Transformer-XL: Attentive Language Models Beyond a Fixed-Length Context", ACL 2019, section 3.3, whose
    scores Gulati et al. take over (section 2.1). AViTAR divides them by the root of the whole width, not of a head's,
    and its table of places rises from 0, where theirs falls to 0: frames at no distance share the last row, whose
    number depends on how long the sound is. Notebook: 08_evaluation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.place = nn.Linear(WIDTH, WIDTH, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(HEADS, WIDTH // HEADS))
        self.place_bias = nn.Parameter(torch.zeros(HEADS, WIDTH // HEADS))
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(B, L, 512) from (B, L, 512)."""
        x = self.norm(frames)
        query, key, value = (_split(part(x)) for part in (self.query, self.key, self.value))
        table = _split(self.place(sines(x.shape[1], x))[None])
        scale = WIDTH**-0.5
        by_place = shifted((query + self.place_bias[:, None]) @ table.mT) * scale
        query = query + self.content_bias[:, None]
        return self.out(_join(F.scaled_dot_product_attention(query, key, value, attn_mask=by_place, scale=scale)))


class CrossAttention(nn.Module):
    """Each frame looks at the tokens of the photo.

    Notes
    -----
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2. One normalisation serves frames and tokens,
    and where a token is, is added after it, in every block anew. Notebook: 08_evaluation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, frames: torch.Tensor, tokens: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
        """(B, L, 512) from frames (B, L, 512), tokens (B, n, 512) and the code of their places (n, 512)."""
        x, seen = self.norm(frames), self.norm(tokens) + where
        query, key, value = _split(self.query(x)), _split(self.key(seen)), _split(self.value(seen))
        return self.out(_join(F.scaled_dot_product_attention(query, key, value)))


class Convolution(nn.Module):
    """Each frame with its neighbours, 15 on either side. Gulati et al., section 2.2."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.gate = nn.Conv1d(WIDTH, 2 * WIDTH, 1)
        self.around = nn.Conv1d(WIDTH, WIDTH, FRAME_TAPS, padding=FRAME_TAPS // 2, groups=WIDTH, bias=False)
        self.batch_norm = nn.BatchNorm1d(WIDTH)
        self.out = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(B, L, 512) from (B, L, 512)."""
        x = F.glu(self.gate(self.norm(frames).mT), dim=1)
        return self.out(F.silu(self.batch_norm(self.around(x)))).mT


def sines(length: int, like: torch.Tensor) -> torch.Tensor:
    """A table that tells places from each other: sines and cosines of falling frequency, in turn.

    Parameters
    ----------
    length : int
        Of places.
    like : torch.Tensor
        The table is of its type and where it is.

    Returns
    -------
    torch.Tensor
        (length, 512); row p holds sin(p f), cos(p f) for f = 10000 ** (-k / 512), k = 0, 2, 4 ... 510.

    Notes
    -----
    Vaswani et al. (2017), section 3.5. Notebook: 08_evaluation.
    """
    place = torch.arange(length, dtype=torch.float64)[:, None]
    angle = place * 10000.0 ** (-torch.arange(0, WIDTH, 2, dtype=torch.float64) / WIDTH)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1).to(like)


def shifted(scores: torch.Tensor) -> torch.Tensor:
    """From scores by the table's rows to scores by distance.

    Parameters
    ----------
    scores : torch.Tensor
        (..., L, L): of each frame with each row of the table.

    Returns
    -------
    torch.Tensor
        (..., L, L): of frame i with frame j. For j <= i it is ``scores[i, L - 1 - (i - j)]``: it depends on the
        distance i - j. For j = i + 1 it is 0, and beyond that ``scores[i + 1, j - i - 2]``, the next frame's: the trick
        is meant for the past, and AViTAR, which also hears the future, was trained with what it gives there.

    Notes
    -----
    Dai et al. (2019), appendix B. Notebook: 08_evaluation.
    """
    length = scores.shape[-1]
    # With a column of zeros in front, and read as rows of L and not L + 1, each row begins one place later.
    wide = F.pad(scores, (1, 0)).flatten(-2)
    return wide[..., length:].unflatten(-1, (length, length))


def _split(x: torch.Tensor) -> torch.Tensor:
    """(B, 8, L, 64) from (B, L, 512): what each head takes."""
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def _join(x: torch.Tensor) -> torch.Tensor:
    """(B, L, 512) from (B, 8, L, 64)."""
    return x.transpose(1, 2).flatten(2)


def _listening() -> Iterator[nn.Module]:
    """Layers from (B, 1, T) to (B, 512, T // `HOP`): with each stride, twice the channels.

    Kernels are twice as long as strides, so that all samples count alike, as in MelGAN (Kumar et al., NeurIPS 2019).
    """
    channels = CHANNELS
    yield from (nn.ReflectionPad1d(WAVE_TAPS // 2), nn.Conv1d(1, channels, WAVE_TAPS))
    for stride in STRIDES:
        yield nn.LeakyReLU(LEAK)
        yield nn.Conv1d(channels, 2 * channels, 2 * stride, stride, padding=stride // 2)
        channels *= 2


def _speaking() -> Iterator[nn.Module]:
    """Layers from (B, 512, L) to (B, 1, L * `HOP`): with each stride, half the channels."""
    channels = WIDTH
    yield from (nn.ReflectionPad1d(WAVE_TAPS // 2), nn.Conv1d(channels, channels, WAVE_TAPS))
    for stride in STRIDES:
        yield nn.LeakyReLU(LEAK)
        yield nn.ConvTranspose1d(channels, channels // 2, 2 * stride, stride, padding=stride // 2)
        channels //= 2
    yield from (nn.LeakyReLU(LEAK), nn.ReflectionPad1d(WAVE_TAPS // 2), nn.Conv1d(channels, 1, WAVE_TAPS), nn.Tanh())
