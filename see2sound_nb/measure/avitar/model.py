"""AViTAR as a torch module: a picture's 15 tokens and a sound's frames, four conformer blocks, and a sound again.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from see2sound_nb._torchvision import ensure_torchvision

WIDTH, HEADS, BLOCKS = 512, 8, 4
#: By how much each convolution shortens the sound; together `HOP` samples a frame.
STRIDES = (8, 4, 2, 2)
HOP = math.prod(STRIDES)
#: Fewer frames than these cannot be padded by reflection.
LEAST_FRAMES = 4
#: Channels of the first convolution; each stride doubles them.
CHANNELS = 32
SLOPE = 0.2


def sines(length: int, like: torch.Tensor) -> torch.Tensor:
    """(length, `WIDTH`): sines in the even columns, cosines in the odd ones (Vaswani et al., 2017)."""
    place = torch.arange(length, dtype=torch.float64, device=like.device)[:, None]
    period = 10000.0 ** (torch.arange(0, WIDTH, 2, dtype=torch.float64, device=like.device) / WIDTH)
    return torch.stack([torch.sin(place / period), torch.cos(place / period)], dim=-1).flatten(1).to(like.dtype)


def heads_of(x: torch.Tensor) -> torch.Tensor:
    """(N, L, `WIDTH`) to (N, `HEADS`, L, 64)."""
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


class Hear(nn.Module):
    """Self-attention of the sound's frames, with scores for how far apart they are (Dai et al., "Transformer-XL")."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.place = nn.Linear(WIDTH, WIDTH, bias=False)
        self.content_bias, self.place_bias = (nn.Parameter(torch.zeros(HEADS, WIDTH // HEADS)) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, L, `WIDTH`) to the same."""
        x = self.norm(x)
        L, scale = x.shape[1], 1 / math.sqrt(WIDTH)
        query, key, value = (heads_of(part(x)) for part in (self.query, self.key, self.value))
        place = heads_of(self.place(sines(L, x))[None])
        scores = (query + self.place_bias[:, None]) @ place.transpose(-1, -2)
        # A column of zeros in front, and rows of L again, from the second on: row i moves to the left by L - 1 - i.
        # There are places for L distances only: what is right of the diagonal by two and more is the next row's.
        apart = F.pad(scores, (1, 0)).flatten(-2)[..., L:].unflatten(-1, (L, L))
        heard = F.scaled_dot_product_attention(
            query + self.content_bias[:, None], key, value, attn_mask=scale * apart, scale=scale
        )
        return self.out(heard.transpose(1, 2).flatten(2))


class See(nn.Module):
    """Attention of the sound's frames to the picture's tokens."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: torch.Tensor, tokens: torch.Tensor, places: bool) -> torch.Tensor:
        """(N, L, `WIDTH`) and (N, K, `WIDTH`) to (N, L, `WIDTH`)."""
        x, tokens = self.norm(x), self.norm(tokens)
        if places:
            tokens = tokens + sines(tokens.shape[1], tokens)
        seen = F.scaled_dot_product_attention(
            *(heads_of(y) for y in (self.query(x), self.key(tokens), self.value(tokens)))
        )
        return self.out(seen.transpose(1, 2).flatten(2))


class Near(nn.Module):
    """Convolution over the 31 frames around each."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.gate, self.out = nn.Conv1d(WIDTH, 2 * WIDTH, 1), nn.Conv1d(WIDTH, WIDTH, 1)
        self.around = nn.Conv1d(WIDTH, WIDTH, 31, padding=15, groups=WIDTH, bias=False)
        self.batch_norm = nn.BatchNorm1d(WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, L, `WIDTH`) to the same."""
        x = F.glu(self.gate(self.norm(x).transpose(1, 2)), dim=1)
        return self.out(F.silu(self.batch_norm(self.around(x)))).transpose(1, 2)


class Think(nn.Module):
    """Each frame alone, through four times the width."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, L, `WIDTH`) to the same."""
        return self.narrow(F.silu(self.wide(self.norm(x))))


class Block(nn.Module):
    """A conformer's (Gulati et al., 2020), with a look at the picture in its middle."""

    def __init__(self):
        super().__init__()
        self.before, self.hear, self.see, self.near, self.after = Think(), Hear(), See(), Near(), Think()
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x: torch.Tensor, tokens: torch.Tensor, places: bool) -> torch.Tensor:
        """(N, L, `WIDTH`) and (N, K, `WIDTH`) to (N, L, `WIDTH`)."""
        x = x + 0.5 * self.before(x)
        x = x + self.hear(x)
        x = x + self.see(x, tokens, places)
        x = x + self.near(x)
        return self.norm(x + 0.5 * self.after(x))


class AViTAR(nn.Module):
    """The whole: pictures and sounds to sounds.

    Notes
    -----
    Its weights in training are normed (a direction and a length for each convolution of the sound); here each is one
    tensor. The picture goes through ResNet-18 (He et al., 2016) as far as its maps of 512 channels.
    """

    def __init__(self):
        super().__init__()
        ensure_torchvision()
        from torchvision.models import resnet18

        self.look = resnet18(weights=None)
        self.look.avgpool, self.look.fc = nn.Identity(), nn.Identity()
        widths = [CHANNELS * 2**k for k in range(len(STRIDES) + 1)]
        listen: list[nn.Module] = [nn.ReflectionPad1d(3), nn.Conv1d(1, CHANNELS, 7)]
        speak: list[nn.Module] = [nn.ReflectionPad1d(3), nn.Conv1d(WIDTH, widths[-1], 7)]
        for k, r in enumerate(STRIDES):
            listen += [nn.LeakyReLU(SLOPE), nn.Conv1d(widths[k], widths[k + 1], 2 * r, r, r // 2)]
            speak += [nn.LeakyReLU(SLOPE), nn.ConvTranspose1d(widths[-1 - k], widths[-2 - k], 2 * r, r, r // 2)]
        speak += [nn.LeakyReLU(SLOPE), nn.ReflectionPad1d(3), nn.Conv1d(CHANNELS, 1, 7), nn.Tanh()]
        self.listen, self.speak = nn.Sequential(*listen), nn.Sequential(*speak)
        self.project = nn.Linear(widths[-1], WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))

    def tokens(self, pictures: torch.Tensor) -> torch.Tensor:
        """Pictures (N, 3, 180, 320), normalised, to (N, 15, `WIDTH`): rows of their thirds and fifths."""
        net = self.look
        maps = net.maxpool(net.relu(net.bn1(net.conv1(pictures))))
        maps = net.layer4(net.layer3(net.layer2(net.layer1(maps))))
        return F.adaptive_avg_pool2d(maps, (maps.shape[-2] // 2, maps.shape[-1] // 2)).flatten(2).transpose(1, 2)

    def forward(self, sounds: torch.Tensor, tokens: torch.Tensor, *, places: bool = True) -> torch.Tensor:
        """Sounds (N, T) at 16 kHz and tokens (N, K, `WIDTH`) to sounds (N, T), T cut to whole frames of `HOP`.

        With `places` it matters where in the picture a token is, as in training.
        """
        x = self.project(self.listen(sounds[:, None]).transpose(1, 2))
        for block in self.blocks:
            x = block(x, tokens, places)
        return self.speak(x.transpose(1, 2))[:, 0]
