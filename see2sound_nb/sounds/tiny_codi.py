"""The parts of the tiny CoDi, and `build_tiny_codi`, which puts them together from the shipped weights."""

from __future__ import annotations

import json
import pathlib

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()

from diffusers import DDIMScheduler, UNet2DConditionModel  # noqa: E402  (imports torchvision)

from see2sound_nb.models import trunk  # noqa: E402
from see2sound_nb.models.checking import filling, read_weights  # noqa: E402
from see2sound_nb.sounds.codi.schedule import SCHEDULE  # noqa: E402
from see2sound_nb.sounds.mel import N_MELS  # noqa: E402
from see2sound_nb.sounds.patch_vae import PATCH, PatchVAE  # noqa: E402
from see2sound_nb.sounds.tiny_encoders import TOKEN, SentenceEncoder, TrunkImageEncoder  # noqa: E402
from see2sound_nb.sounds.vocoder import GriffinLimVocoder  # noqa: E402

WEIGHTS = trunk.WEIGHTS / "tiny_codi.safetensors"
LATENT_CHANNELS = 8
FRAMES = 576  # 5.76 s of log-mel, 5.12 s after the loop's crossfade
DOWN = 8  # the VAE's factor in time and in frequency
#: Rounds of Griffin-Lim: a third of 24 in time, and as good by the judge; see ``models/weights/tiny_codi.md``.
ROUNDS = 8


def make_vae(scaling_factor: float = 1.0) -> PatchVAE:
    """The VAE over log-mels, with random weights: patches of 4 by 4, then one halving."""
    return PatchVAE(
        in_channels=PATCH**2,
        out_channels=PATCH**2,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(48, 96),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        mid_block_add_attention=False,
        scaling_factor=scaling_factor,
    )


def make_unet() -> UNet2DConditionModel:
    """The denoiser, with random weights: three levels, attention on the lowest.

    With so few layers the cross-attention alone would reach few of them, so the token is added to the embedding of
    the time step as well (``addition_embed_type="text"``), which goes to every residual block.
    """
    return UNet2DConditionModel(
        sample_size=(FRAMES // DOWN, N_MELS // DOWN),
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 96, 160),
        layers_per_block=1,
        cross_attention_dim=TOKEN,
        attention_head_dim=4,
        norm_num_groups=16,
        addition_embed_type="text",
        resnet_time_scale_shift="scale_shift",
    )


def make_scheduler() -> DDIMScheduler:
    """CoDi's noise schedule, with the velocity (Salimans and Ho 2022) in place of the noise, and ending in pure noise.

    CoDi's own schedule never quite reaches pure noise, so that a model may read a sound's level off its noisiest
    input and miss it when it starts from noise alone (Lin et al. 2024, "Common diffusion noise schedules ...").
    """
    return DDIMScheduler(
        **{
            **SCHEDULE,
            "timestep_spacing": "trailing",
            "rescale_betas_zero_snr": True,
            "prediction_type": "v_prediction",
        }
    )


def build_tiny_codi(weights: pathlib.Path | str = WEIGHTS):
    """The tiny CoDi with its shipped weights, on the CPU in float32.

    Parameters
    ----------
    weights : path
        A safetensors file; see ``models/weights/tiny_codi.md``.

    Returns
    -------
    see2sound_nb.sounds.codi.CoDi
        Gives 5.12 s at 16 kHz.
    """
    from see2sound_nb.sounds.codi import CoDi

    with filling(weights):
        state, metadata = read_weights(weights)
        settings = json.loads(metadata["settings"])
        unet, vae = make_unet(), make_vae(settings["scaling_factor"])
        for name, model in (("unet", unet), ("vae", vae)):
            model.load_state_dict({k.removeprefix(name + "."): v for k, v in state.items() if k.startswith(name + ".")})
            model.eval().requires_grad_(False)
        text, image = SentenceEncoder(), TrunkImageEncoder()
        fill_embeddings(text, image, state["sentences"])
    pipe = CoDi(
        image,
        text,
        unet,
        vae,
        GriffinLimVocoder(iterations=ROUNDS),
        make_scheduler(),
        num_inference_steps=settings["num_inference_steps"],
        guidance_scale=settings["guidance_scale"],
        fade_s=0.64,
        cpu_threads=1,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def fill_embeddings(text: SentenceEncoder, image: TrunkImageEncoder, sentences) -> None:
    """Put the embeddings of `sounds.sound_classes.known_sentences`, (N, 384), where the two towers look them up."""
    text.known.copy_(sentences)
    image.known.copy_(sentences)
