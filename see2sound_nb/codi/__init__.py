"""CoDi: pictures and texts to sounds (Tang et al. 2023; section 4.2 of the See-2-Sound paper).

``pipeline`` is the diffusers pipeline that the tiny and the published models share, ``conditioning`` what it is told,
``unet`` two properties of its denoiser, ``published`` the configuration of the published weights, and ``convert``
turns the published files into a folder for ``CoDi.from_pretrained``.
"""

from see2sound_nb.codi.conditioning import mix_tokens
from see2sound_nb.codi.pipeline import CoDi, make_loop

__all__ = ["CoDi", "make_loop", "mix_tokens"]
