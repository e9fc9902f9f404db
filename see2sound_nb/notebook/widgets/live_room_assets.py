"""What a live room is made of before it sounds: the photo, the head, and a page for readers without a kernel."""

from __future__ import annotations

import base64
import io

import numpy as np

from see2sound_nb.notebook.players import Player
from see2sound_nb.notebook.plots import plot_plan, plot_regions, source_colour
from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.scene import Scene

#: The longest side of the photo in the widget, in pixels.
PHOTO_PX = 800
#: Seconds of sound in a saved notebook: of the whole scene, and of each source. More would fill the file.
SCENE_S, SOURCE_S = 2.5, 0.6


def tinted_photo(scene: Scene) -> tuple[bytes, list[int], list[list[int]]]:
    """The photo with every mask in its source's colour.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    jpeg : bytes
        At most `PHOTO_PX` pixels long and wide.
    size_px : list of int
        Its width and height.
    boxes : list of list of int
        R of Eq. 3, in its pixels.
    """
    from matplotlib.colors import to_rgb
    from PIL import Image

    tinted = scene.image.astype(np.float32)
    for k, mask in enumerate(scene.masks):
        tinted[mask] = 0.6 * tinted[mask] + 0.4 * 255 * np.array(to_rgb(source_colour(k)), dtype=np.float32)
    picture = Image.fromarray(tinted.round().astype(np.uint8))
    scale = min(1.0, PHOTO_PX / max(picture.size))
    size = [max(1, round(side * scale)) for side in picture.size]
    return _jpeg(picture.resize(size)), size, np.round(scene.boxes * scale).astype(int).tolist()


def head_mesh(sample_rate: int) -> list[np.ndarray]:
    """The measured head, for the browser to interpolate as `render.hrtf.HRTF.at` does.

    Parameters
    ----------
    sample_rate : int
        In Hz.

    Returns
    -------
    list of np.ndarray
        Corners (F, 3) int32 and inverses (F, 3, 3) float32 of the triangles, responses (M, 2, K) float32 and arrival
        times (M, 2) float32 in samples.
    """
    from scipy.fft import irfft

    hrtf = load_hrtf(sample_rate=sample_rate)
    corners, inverses, spectra, times, size = hrtf.mesh
    responses = irfft(spectra, size)[..., : hrtf.responses.shape[-1]]
    kinds = (np.int32, np.float32, np.float32, np.float32)
    return [array.astype(kind) for array, kind in zip((corners, inverses, responses, times), kinds)]


def fallback_html(
    scene: Scene, phi: np.ndarray, title: str = "the scene, for headphones", paths_m: np.ndarray | None = None
) -> str:
    """A figure and players, for a saved notebook that is read without a kernel.

    Parameters
    ----------
    scene : Scene
    phi : np.ndarray
        (2, T) float, the scene for two ears, of any level.
    title : str
        What that is.
    paths_m : np.ndarray, optional
        (P, N, 3) float64, metres, the ways of the sources of a clip.
    """
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    photo, plan = figure.subplots(1, 2, width_ratios=[1.3, 1])
    plot_regions(scene, photo)
    plot_plan(scene, plan)
    for k, path in enumerate(() if paths_m is None else paths_m.swapaxes(0, 1)):
        plan.plot(path[:, 0], path[:, 1], color=source_colour(k), lw=3, alpha=0.6)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=80)
    picture = base64.b64encode(_jpeg(Image.open(drawn).convert("RGB"))).decode()
    return (
        "<p>The live room needs a running kernel; this is how it stood when its cell was run.</p>"
        "<img alt='Photo with regions, and plan of the room' style='max-width:100%' "
        f"src='data:image/jpeg;base64,{picture}'>{players_html(scene, phi, title)}"
    )


def players_html(scene: Scene, phi: np.ndarray, title: str = "the scene, for headphones") -> str:
    """Players of the beginning of a scene, and of each of its sounds; as `fallback_html` has them."""
    rate = scene.sample_rate
    heard = phi[:, : int(SCENE_S * rate)]
    players = [Player(heard / max(1.0, 1.01 * np.abs(heard).max()), rate, title)]
    alone = {f"{k + 1} {label['label']}, alone and dry": scene.audio[k] for k, label in enumerate(scene.labels)}
    if scene.ambience is not None:
        alone[f"all around: {scene.ambience.label}, alone"] = scene.ambience.audio
    for title, sound in alone.items():
        dry = sound[: int(SOURCE_S * rate)]
        players.append(Player(dry / max(1.0, 1.01 * np.abs(dry).max()), rate, title))
    return "".join(player._repr_html_() for player in players)


def _jpeg(picture) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
