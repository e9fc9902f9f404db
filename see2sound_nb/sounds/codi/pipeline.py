"""CoDi's way from a picture and a text to sound, as a diffusers pipeline: one class, read from its `__call__`.

One token, the mean of an image embedding and a text embedding, conditions a latent diffusion model of log-mel
spectrograms; a VAE turns the latent into the spectrogram and a vocoder turns that into sound.
Source: Tang et al. 2023, "Any-to-Any Generation via Composable Diffusion", sections 3.1 to 3.3; section 4.2 of the
See-2-Sound paper. The tiny models and the published ones run in this same class.
"""

# no `from __future__ import annotations`: diffusers looks for the classes of the components in the signature
import importlib
import inspect
import os
from collections.abc import Callable, Sequence
from typing import Union

import numpy as np
import torch
import torch.nn.functional as F

from see2sound_nb._threads import keeps_random_state, torch_threads
from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.models.checking import CONVERT_AGAIN, DamagedFileError, check_pipeline, one_line
from see2sound_nb.models.effort import CODI_STEPS
from see2sound_nb.sounds.codi.conditioning import (
    GREY,
    authors_square,
    check_call,
    guide,
    mix_tokens,
    prompt_lists,
    square,
)
from see2sound_nb.sounds.codi.schedule import AUTHORS_STEPS, authors_ddim, cut_runaways
from see2sound_nb.sounds.codi.seamless import FADE_S, as_loop
from see2sound_nb.sounds.codi.unet import CoDiUNet, capture, fold_cross_attention, runs_itself

ensure_torchvision()
from diffusers import AutoencoderKL, DiffusionPipeline, SchedulerMixin, UNet2DConditionModel  # noqa: E402  (imports torchvision)

#: Where the parts are that are classes of this package. A saved pipeline names each with the file that it stood in when
#: it was saved, and diffusers imports no such file by itself; here a part is found by its name.
OWN_PARTS = {
    "CoDiUNet": "see2sound_nb.sounds.codi.unet",
    "PatchVAE": "see2sound_nb.sounds.patch_vae",
    "GriffinLimVocoder": "see2sound_nb.sounds.vocoder",
    "SentenceEncoder": "see2sound_nb.sounds.tiny_encoders",
    "TrunkImageEncoder": "see2sound_nb.sounds.tiny_encoders",
}


class CoDi(DiffusionPipeline):
    """Pictures and texts to sounds.

    Parameters
    ----------
    image_encoder, text_encoder : torch.nn.Module
        Towers of one aligned space: CLIP with projection, or the tiny ones. They return ``image_embeds`` and
        ``text_embeds``, (N, D).
    unet : diffusers.UNet2DConditionModel
        The denoiser; its ``sample_size`` is the size of a latent. That of the published weights is a `unet.CoDiUNet`.
    vae : diffusers.AutoencoderKL
        Log-mel spectrogram (N, 1, frames, bands) to latent and back.
    vocoder : torch.nn.Module
        Log-mel spectrogram (N, frames, bands) to wave (N, T).
    scheduler : diffusers.SchedulerMixin
        The noise schedule and its solver: DDIM, DPM-Solver++ or another of diffusers'.
    image_processor, tokenizer : optional
        What turns pictures and texts into a tower's input. Without one the tower takes them as they are.
    sample_rate : int
        Of the vocoder, in Hz.
    num_inference_steps, guidance_scale, fade_s : int, float, float
        What is used where a call does not say; the crossfade of the loop is in seconds.
    cpu_threads : int, optional
        Threads that a call lets torch use on the CPU; see `_threads.torch_threads`.
    """

    model_cpu_offload_seq = "image_encoder->text_encoder->unet->vae->vocoder"
    _optional_components = ["image_processor", "tokenizer"]
    _callback_tensor_inputs = ["latents"]

    def __init__(
        self,
        image_encoder: torch.nn.Module,
        text_encoder: torch.nn.Module,
        unet: Union[UNet2DConditionModel, CoDiUNet],  # noqa: UP007  (diffusers knows Union, and the exact classes)
        vae: AutoencoderKL,
        vocoder: torch.nn.Module,
        scheduler: SchedulerMixin,
        image_processor=None,
        tokenizer=None,
        sample_rate=16000,
        num_inference_steps=CODI_STEPS,
        guidance_scale=7.5,
        fade_s=FADE_S,
        cpu_threads=None,
    ):
        super().__init__()
        towers = {"image_encoder": image_encoder, "text_encoder": text_encoder}
        inputs = {"image_processor": image_processor, "tokenizer": tokenizer}
        self.register_modules(**towers, unet=unet, vae=vae, vocoder=vocoder, scheduler=scheduler, **inputs)
        self.register_to_config(sample_rate=sample_rate, fade_s=fade_s, cpu_threads=cpu_threads)
        self.register_to_config(num_inference_steps=num_inference_steps, guidance_scale=guidance_scale)
        fold_cross_attention(unet)
        self._cuda_graphs = self._interrupt = False
        self._num_timesteps = 0

    @classmethod
    def load_config(cls, *args, **kwargs):
        """As in diffusers; parts that are classes of this package are looked for, and imported, by `OWN_PARTS`."""
        config = super().load_config(*args, **kwargs)
        for part in config.values() if isinstance(config, dict) else ():
            if isinstance(part, list) and part[1:] and part[1] in OWN_PARTS:
                part[0] = importlib.import_module(OWN_PARTS[part[1]]).__name__
        return config

    @classmethod
    @keeps_random_state
    def from_pretrained(cls, *args, **kwargs):
        """As in diffusers; torch's default type is what it was, also after a failure (there it stays as asked for).

        Raises
        ------
        ValueError
            If a file in the folder is damaged: it is named.
        """
        before, folder = torch.get_default_dtype(), str(args[0]) if args else ""
        try:
            if os.path.isdir(folder):
                check_pipeline(folder, CONVERT_AGAIN)
            return super().from_pretrained(*args, **kwargs)
        except (AttributeError, IndexError, KeyError) as error:  # of settings that are not those of a pipeline
            raise DamagedFileError(f"{folder} does not hold a CoDi ({one_line(error)}); {CONVERT_AGAIN}") from error
        finally:
            torch.set_default_dtype(before)

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.config.sample_rate

    @property
    def num_timesteps(self) -> int:
        """Denoising steps of the call that is running, or of the last one."""
        return self._num_timesteps

    @torch.no_grad()
    def encode_image(self, images: Sequence, *, faithful: bool = False, seeds: Sequence[int] = ()) -> torch.Tensor:
        """Embed pictures.

        Parameters
        ----------
        images : sequence
            N pictures: PIL images or (H, W, 3) uint8 arrays, sRGB.
        faithful : bool
            Crop and mirror at random, as the authors' code does (`conditioning.authors_square`), in place of the
            middle square.
        seeds : sequence of int
            N seeds of ``faithful``.

        Returns
        -------
        torch.Tensor
            (N, D) float32, each row of unit length.

        Raises
        ------
        ValueError
            If one is no picture, or ``faithful`` has not as many seeds as pictures.
        """
        if self.image_processor is None:
            embeds = self.image_encoder(list(images)).image_embeds
        else:
            side = self.image_processor.crop_size["height"]
            if faithful:
                squares = [authors_square(image, side, seed) for image, seed in zip(images, seeds, strict=True)]
            else:
                squares = [square(image, side) for image in images]
            pixels = self.image_processor(squares, return_tensors="pt").pixel_values
            embeds = self.image_encoder(pixels.to(self._execution_device, self.image_encoder.dtype)).image_embeds
        return F.normalize(embeds.float(), dim=-1).to(self._execution_device)

    @torch.no_grad()
    def encode_text(self, prompts: Sequence[str]) -> torch.Tensor:
        """Embed texts.

        Parameters
        ----------
        prompts : sequence of str
            N texts; "" says nothing.

        Returns
        -------
        torch.Tensor
            (N, D) float32, each row of unit length.
        """
        prompts = [prompts] if isinstance(prompts, str) else prompts
        if self.tokenizer is None:
            embeds = self.text_encoder(list(prompts)).text_embeds
        else:
            # no attention mask: the authors' code has none, and CLIP reads only up to the end token
            ids = self.tokenizer(list(prompts), padding="max_length", truncation=True, return_tensors="pt").input_ids
            embeds = self.text_encoder(ids.to(self._execution_device)).text_embeds
        return F.normalize(embeds.float(), dim=-1).to(self._execution_device)

    def encode(
        self, images, prompts, image_weight: float = 1.0, text_weight: float = 1.0, *, faithful: bool = False, seeds=()
    ) -> torch.Tensor:
        """The conditioning tokens of N pictures, of N texts or lists of texts, or of both.

        Parameters
        ----------
        images, prompts : sequence or None
            As in a call; several texts of one sound count alike.
        image_weight, text_weight : float
            As in `mix_tokens`.
        faithful, seeds
            As in `encode_image`.

        Returns
        -------
        torch.Tensor
            (N, 1, D) float32.

        Raises
        ------
        ValueError
            As `mix_tokens` and `prompt_lists`.
        """
        image = None if images is None else self.encode_image(images, faithful=faithful, seeds=seeds)
        if prompts is None:
            return mix_tokens(image, None, image_weight, text_weight)
        lists = prompt_lists(prompts, 1 if isinstance(prompts, str) else len(prompts))
        texts = self.encode_text([prompt for several in lists for prompt in several])
        text = torch.stack([rows.mean(0) for rows in texts.split([len(several) for several in lists])])
        return mix_tokens(image, text, image_weight, text_weight)

    @torch.no_grad()
    def __call__(
        self,
        images: Sequence | None = None,
        prompts: str | Sequence[str | Sequence[str]] | None = None,
        *,
        image_weight: float = 1.0,
        text_weight: float = 1.0,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        seeds: Sequence[int],
        negative_prompt: str | Sequence[str | Sequence[str]] | None = None,
        faithful: bool = False,
        callback_on_step_end: "Callable[[CoDi, int, torch.Tensor, dict], dict] | None" = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
    ) -> np.ndarray:
        """Make one sound for each picture, text, or pair of both.

        Parameters
        ----------
        images : sequence, optional
            N pictures: PIL images or (H, W, 3) uint8 arrays, sRGB.
        prompts : str or sequence, optional
            One text for all, or N texts, or N lists of texts that count alike: ``[["rain", "wind"], "a dog"]``.
        image_weight, text_weight : float
            How much pictures and texts count, relative to each other; see `mix_tokens`.
        num_inference_steps : int, optional
            Denoising steps; by default those of the pipeline, 50 of the published one.
        guidance_scale : float, optional
            Classifier-free guidance (Ho and Salimans 2022); 1 is none, 7.5 that of the published pipeline.
        seeds : sequence of int
            N seeds, always to be given. A seed gives the same sound whatever else is in the batch.
        negative_prompt : str or sequence, optional
            What to move away from, in place of the grey picture and the empty text; as ``prompts``. Without guidance
            it does nothing.
        faithful : bool
            Do as the authors' code does where it is odd: pictures are cropped and mirrored at random, DDIM takes the
            steps 1, 1 + c, 1 + 2c, ... with c = 1000 // steps (500 by default), and the vocoder's wave is returned
            as it is.
        callback_on_step_end : callable, optional
            As in diffusers: called as ``callback(pipe, step, timestep, {"latents": latents})`` after each step; the
            ``"latents"`` of the dictionary that it returns are used on. ``pipe._interrupt = True`` ends the steps.
        callback_on_step_end_tensor_inputs : sequence of str
            What the callback's dictionary holds: ``"latents"`` or nothing.

        Returns
        -------
        np.ndarray
            (N, T) float32 at `sample_rate` Hz, in [-0.95, 0.95], without a constant part; each repeats seamlessly.
            With ``faithful`` it is what the vocoder gives.

        Raises
        ------
        ValueError
            If the numbers of pictures, texts and seeds differ, or a setting is out of range.
        """
        default = AUTHORS_STEPS if faithful else self.config.num_inference_steps
        steps = default if num_inference_steps is None else num_inference_steps
        scale = self.config.guidance_scale if guidance_scale is None else guidance_scale
        steps, seeds = check_call(images, seeds, steps, scale, self.scheduler.config.num_train_timesteps)
        if not set(callback_on_step_end_tensor_inputs) <= set(self._callback_tensor_inputs):
            raise ValueError(
                f"a callback is given {self._callback_tensor_inputs}, not {callback_on_step_end_tensor_inputs}"
            )
        prompts = None if prompts is None else prompt_lists(prompts, len(seeds))
        negative = None if negative_prompt is None else prompt_lists(negative_prompt, len(seeds), "negative_prompt")
        with torch_threads(self.config.cpu_threads):
            token = self.encode(images, prompts, image_weight, text_weight, faithful=faithful, seeds=seeds)
            if scale != 1.0:
                nothing = self._nothing(images, prompts, negative, image_weight, text_weight)
                token = torch.cat([nothing.expand_as(token), token])
            scheduler = authors_ddim(self.scheduler.config, steps) if faithful else self.scheduler
            if not faithful:
                scheduler.set_timesteps(steps, device=self._execution_device)
            latents = self._denoise(
                token, seeds, scheduler, scale, callback_on_step_end, callback_on_step_end_tensor_inputs
            )
            wave = self._to_wave(latents, seeds)
        self.maybe_free_model_hooks()
        return wave if faithful else as_loop(wave, round(self.config.fade_s * self.sample_rate))

    def enable_cuda_graphs(self) -> None:
        """Run the steps of a call as a CUDA graph (`unet.capture`) on a CUDA device, where the U-Net `runs_itself`."""
        self._cuda_graphs = True

    def _nothing(self, images, prompts, negative, image_weight, text_weight) -> torch.Tensor:
        if negative is not None:
            return self.encode(None, negative)
        grey = None if images is None else [np.full((64, 64, 3), GREY, np.uint8)]
        return self.encode(grey, None if prompts is None else [""], image_weight, text_weight)

    def _denoise(self, token, seeds, scheduler, scale, callback, callback_inputs) -> torch.Tensor:
        device, dtype = token.device, self.unet.dtype
        # drawn on the CPU, one generator a sample: the same on every device, whatever the batch
        generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
        shape = (self.unet.config.in_channels, *self.unet.config.sample_size)
        noise = torch.stack([torch.randn(shape, generator=generator) for generator in generators])
        latents = noise.to(device) * scheduler.init_noise_sigma  # float32 throughout, like the schedule
        token = token.to(dtype)
        draws = "generator" in inspect.signature(scheduler.step).parameters
        options = {"generator": generators} if draws else {}
        predict, self._interrupt = None, False
        self._num_timesteps = len(scheduler.timesteps)
        for done, time in enumerate(self.progress_bar(scheduler.timesteps)):
            model_input = latents if scale == 1.0 else torch.cat([latents, latents])
            model_input = scheduler.scale_model_input(model_input, time).to(dtype)
            predict = predict or self._predictor(model_input, time.to(device), token)
            predicted = predict(model_input, time.to(device), token).float()
            if scale != 1.0:
                without, conditional = predicted.chunk(2)
                predicted = guide(without, conditional, scale)
            latents = scheduler.step(predicted, time, latents, **options).prev_sample
            if callback is not None:
                given = {"latents": latents} if callback_inputs else {}
                latents = (callback(self, done, time, given) or {}).get("latents", latents)
            if self._interrupt:
                break
        return latents

    def _predictor(self, *inputs) -> Callable[..., torch.Tensor]:
        if self._cuda_graphs and self.unet.device.type == "cuda" and runs_itself(self.unet):
            return capture(self.unet, *inputs)
        return lambda *given: self.unet(*given).sample

    def _to_wave(self, latents: torch.Tensor, seeds: Sequence[int]) -> np.ndarray:
        latents = cut_runaways(latents)
        # one by one on the CPU: as fast there, in less memory
        size = 1 if latents.device.type == "cpu" else len(latents)
        parts = range(0, len(latents), size)
        return np.concatenate([self._decode(latents[k : k + size], seeds[k : k + size]) for k in parts])

    def _decode(self, latents: torch.Tensor, seeds: Sequence[int]) -> np.ndarray:
        mel = self.vae.decode((latents / self.vae.config.scaling_factor).to(self.vae.dtype)).sample[:, 0]
        invents = "seeds" in inspect.signature(self.vocoder.forward).parameters  # phases; HiFi-GAN needs none
        given = {"seeds": seeds} if invents else {}
        wave = self.vocoder(mel.to(self.vocoder.dtype), **given).reshape(len(latents), -1).float().cpu().numpy()
        if not np.isfinite(wave).all():
            raise ValueError(
                f"a sound has numbers that are not finite, in {self.unet.dtype}; use torch.bfloat16 or torch.float32"
            )
        return wave
