"""CoDi's way from a picture and a text to sound, as a diffusers pipeline.

One token, the mean of an image embedding and a text embedding, conditions a latent diffusion model of log-mel
spectrograms; a VAE turns the latent into the spectrogram and a vocoder turns that into sound.
Source: Tang et al. 2023, "Any-to-Any Generation via Composable Diffusion", sections 3.1 to 3.3; section 4.2 of the
See-2-Sound paper. The tiny models and the published ones run in this same class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from see2sound_nb._threads import torch_threads
from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()
from diffusers import DiffusionPipeline  # noqa: E402  (imports torchvision, so it comes after the line above)

GREY = 127  # the picture that says nothing: mid-grey, as in the authors' code
PEAK = 0.95


def make_loop(audio: np.ndarray, fade: int) -> np.ndarray:
    """Fold the end of a sound into its beginning, so that it repeats without a click.

    Parameters
    ----------
    audio : np.ndarray
        (..., T) float.
    fade : int
        Length of the crossfade in samples, at most T / 2. The gains are a quarter sine and cosine, whose squares
        sum to 1 (equal power): right for two stretches of sound that know nothing of each other.

    Returns
    -------
    np.ndarray
        (..., T - fade), same type. Its first sample continues its last one.

    Raises
    ------
    ValueError
        If ``fade`` is negative or longer than half the sound.
    """
    length = audio.shape[-1]
    if not 0 <= fade <= length // 2:
        raise ValueError(f"fade {fade} must lie between 0 and half of the {length} samples; shorten the fade")
    if fade == 0:
        return audio.copy()
    angle = 0.5 * np.pi * np.arange(fade) / fade
    out = audio[..., : length - fade].copy()
    out[..., :fade] = audio[..., :fade] * np.sin(angle) + audio[..., length - fade :] * np.cos(angle)
    return out.astype(audio.dtype)


def mix_tokens(image, text, image_weight: float = 1.0, text_weight: float = 1.0) -> torch.Tensor:
    """The one conditioning token: a weighted mean, which is not brought back to unit length.

    Parameters
    ----------
    image, text : torch.Tensor or None
        (N, D) float32 embeddings of unit length; one of them may be missing.
    image_weight, text_weight : float
        Weights, zero or more. They are divided by their sum.

    Returns
    -------
    torch.Tensor
        (N, 1, D) float32.

    Raises
    ------
    ValueError
        If both are missing, or the weights are negative or sum to zero.

    Notes
    -----
    Paper: "Composable multimodal conditioning" (Tang et al. 2023, section 3.2).
    """
    given = [(token, weight) for token, weight in ((image, image_weight), (text, text_weight)) if token is not None]
    if not given:
        raise ValueError("neither images nor prompts were given; give one of them, or both")
    total = sum(weight for _, weight in given)
    if min(weight for _, weight in given) < 0 or total <= 0:
        raise ValueError(
            f"image_weight {image_weight} and text_weight {text_weight} must not be negative, and those of the inputs "
            "that are given must sum to more than 0; use for example 1 and 1"
        )
    return sum(token * (weight / total) for token, weight in given)[:, None]


class CoDi(DiffusionPipeline):
    """Pictures and texts to sounds.

    Parameters
    ----------
    image_encoder, text_encoder : torch.nn.Module
        Towers of one aligned space: CLIP with projection, or the tiny ones. They return ``image_embeds`` and
        ``text_embeds``, (N, D).
    unet : diffusers.UNet2DConditionModel
        The denoiser; its ``sample_size`` is the size of a latent.
    vae : diffusers.AutoencoderKL
        Log-mel spectrogram (N, 1, frames, bands) to latent and back.
    vocoder : torch.nn.Module
        Log-mel spectrogram (N, frames, bands) to wave (N, T).
    scheduler : diffusers.DDIMScheduler
        The noise schedule and its solver.
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

    def __init__(
        self,
        image_encoder,
        text_encoder,
        unet,
        vae,
        vocoder,
        scheduler,
        image_processor=None,
        tokenizer=None,
        sample_rate: int = 16000,
        num_inference_steps: int = 50,
        guidance_scale: float = 7.5,
        fade_s: float = 0.64,
        cpu_threads: int | None = None,
    ):
        super().__init__()
        towers = {"image_encoder": image_encoder, "text_encoder": text_encoder}
        inputs = {"image_processor": image_processor, "tokenizer": tokenizer}
        self.register_modules(**towers, unet=unet, vae=vae, vocoder=vocoder, scheduler=scheduler, **inputs)
        self.register_to_config(sample_rate=sample_rate, fade_s=fade_s, cpu_threads=cpu_threads)
        self.register_to_config(num_inference_steps=num_inference_steps, guidance_scale=guidance_scale)

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.config.sample_rate

    @torch.no_grad()
    def encode_image(self, images: Sequence) -> torch.Tensor:
        """Embed pictures.

        Parameters
        ----------
        images : sequence
            N pictures: PIL images or (H, W, 3) uint8 arrays, sRGB.

        Returns
        -------
        torch.Tensor
            (N, D) float32, each row of unit length.
        """
        if self.image_processor is None:
            embeds = self.image_encoder(list(images)).image_embeds
        else:
            pixels = self.image_processor(list(images), return_tensors="pt").pixel_values
            parameter = next(self.image_encoder.parameters())
            embeds = self.image_encoder(pixels.to(parameter)).image_embeds
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
        if self.tokenizer is None:
            embeds = self.text_encoder(list(prompts)).text_embeds
        else:
            # no attention mask: the authors' code has none, and CLIP reads only up to the end token
            ids = self.tokenizer(list(prompts), padding="max_length", truncation=True, return_tensors="pt").input_ids
            embeds = self.text_encoder(ids.to(self._execution_device)).text_embeds
        return F.normalize(embeds.float(), dim=-1).to(self._execution_device)

    def encode(self, images, prompts, image_weight: float = 1.0, text_weight: float = 1.0) -> torch.Tensor:
        """The conditioning tokens, (N, 1, D) float32, of N pictures, N texts, or both (`mix_tokens`)."""
        image = None if images is None else self.encode_image(images)
        text = None if prompts is None else self.encode_text(prompts)
        return mix_tokens(image, text, image_weight, text_weight)

    @torch.no_grad()
    def __call__(
        self,
        images: Sequence | None = None,
        prompts: str | Sequence[str] | None = None,
        *,
        image_weight: float = 1.0,
        text_weight: float = 1.0,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        seeds: Sequence[int],
        negative_prompt: str | None = None,
        callback: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:
        """Make one sound for each picture, text, or pair of both.

        Parameters
        ----------
        images : sequence, optional
            N pictures: PIL images or (H, W, 3) uint8 arrays, sRGB.
        prompts : str or sequence of str, optional
            N texts, or one for all.
        image_weight, text_weight : float
            How much each counts; see `mix_tokens`.
        num_inference_steps : int, optional
            Denoising steps.
        guidance_scale : float, optional
            Classifier-free guidance (Ho and Salimans 2022); 1 is none.
        seeds : sequence of int
            N seeds. A seed gives the same sound whatever else is in the batch.
        negative_prompt : str, optional
            What to move away from, in place of the grey picture and the empty text.
        callback : callable, optional
            Called as ``callback(done, total)`` after each step.

        Returns
        -------
        np.ndarray
            (N, T) float32 at `sample_rate` Hz, in [-0.95, 0.95], without a constant part; each repeats seamlessly.

        Raises
        ------
        ValueError
            If the numbers of pictures, texts and seeds differ, or a setting is out of range.
        """
        steps = self.config.num_inference_steps if num_inference_steps is None else num_inference_steps
        scale = self.config.guidance_scale if guidance_scale is None else guidance_scale
        prompts = [prompts] * len(seeds) if isinstance(prompts, str) else prompts
        self._check(images, prompts, seeds, steps, scale)
        with torch_threads(self.config.cpu_threads):
            token = self.encode(images, prompts, image_weight, text_weight)
            if scale != 1.0:
                nothing = self._nothing(images, prompts, negative_prompt, image_weight, text_weight)
                token = torch.cat([nothing.expand_as(token), token])
            return self._to_audio(self._denoise(token, seeds, steps, scale, callback))

    def _check(self, images, prompts, seeds, steps, scale) -> None:
        if len(seeds) == 0:
            raise ValueError("no seeds were given; give one for each sound")
        for name, given in (("images", images), ("prompts", prompts)):
            if given is not None and len(given) != len(seeds):
                raise ValueError(f"{len(given)} {name} and {len(seeds)} seeds were given; give one seed for each")
        if steps < 1:
            raise ValueError(f"num_inference_steps {steps} must be at least 1; use for example 25")
        if scale < 0:
            raise ValueError(f"guidance_scale {scale} must not be negative; use 1 for no guidance")

    def _nothing(self, images, prompts, negative_prompt, image_weight, text_weight) -> torch.Tensor:
        if negative_prompt is not None:
            return self.encode(None, [negative_prompt])
        grey = None if images is None else [np.full((64, 64, 3), GREY, np.uint8)]
        return self.encode(grey, None if prompts is None else [""], image_weight, text_weight)

    def _denoise(self, token, seeds, steps, scale, callback) -> torch.Tensor:
        device, dtype = token.device, self.unet.dtype
        shape = (1, self.unet.config.in_channels, *self.unet.config.sample_size)
        # drawn on the CPU, one generator a sample: the same on every device, whatever the batch
        noise = [torch.randn(shape, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds]
        latents = torch.cat(noise).to(device) * self.scheduler.init_noise_sigma
        self.scheduler.set_timesteps(steps, device=device)
        total = len(self.scheduler.timesteps)
        for done, time in enumerate(self.progress_bar(self.scheduler.timesteps), 1):
            model_input = latents if scale == 1.0 else torch.cat([latents, latents])
            model_input = self.scheduler.scale_model_input(model_input, time)
            predicted = self.unet(model_input.to(dtype), time, token.to(dtype)).sample.float()
            if scale != 1.0:
                without, conditional = predicted.chunk(2)
                predicted = without + scale * (conditional - without)
            latents = self.scheduler.step(predicted, time, latents).prev_sample
            if callback is not None:
                callback(done, total)
        return latents

    def _to_audio(self, latents: torch.Tensor) -> np.ndarray:
        latents = latents.to(self.vae.dtype) / self.vae.config.scaling_factor
        mel = self.vae.decode(latents).sample[:, 0]
        wave = self.vocoder(mel.to(self.vocoder.dtype)).float().cpu().numpy()
        wave = make_loop(wave, round(self.config.fade_s * self.sample_rate))
        wave = wave - wave.mean(axis=-1, keepdims=True)
        return (wave * np.minimum(1.0, PEAK / (np.abs(wave).max(axis=-1, keepdims=True) + 1e-9))).astype(np.float32)
