"""CoDi: pictures and texts to sounds (Tang et al. 2023; section 4.2 of the See-2-Sound paper).

``pipeline`` is the diffusers pipeline that the tiny and the published models share, ``conditioning`` what it is told
(tau of Eq. 1) and guidance, ``unet`` what is particular about its denoiser, ``schedule`` the noise levels and the
solvers, ``seamless`` makes the result repeat. ``published`` is the configuration of the published weights, and
``convert`` (with ``names``) turns the published files into a folder for ``CoDi.from_pretrained``.
"""

from see2sound_nb.sounds.codi.conditioning import mix_tokens
from see2sound_nb.sounds.codi.pipeline import CoDi
from see2sound_nb.sounds.codi.seamless import make_loop

__all__ = ["CoDi", "make_loop", "mix_tokens"]
