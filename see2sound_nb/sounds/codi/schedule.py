"""CoDi's noise schedule, and the solvers that go down it."""

from __future__ import annotations

from typing import Any

import torch

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()
import diffusers  # noqa: E402  (imports torchvision)

#: The steps of DDIM in the See-2-Sound paper (its section "Audio generation"); ours are `models.effort.CODI_STEPS`.
AUTHORS_STEPS = 500

#: The published noise schedule.
SCHEDULE: dict[str, Any] = dict(
    num_train_timesteps=1000,
    beta_schedule="scaled_linear",
    beta_start=0.00085,
    beta_end=0.012,
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
    timestep_spacing="leading",
    prediction_type="epsilon",  # the denoiser answers with the noise, as the paper's Eq. 1 trains it to
)


def ddim_scheduler(settings: dict[str, Any] = SCHEDULE):
    """The authors' noise schedule with their solver, DDIM (Song et al. 2021)."""
    return diffusers.DDIMScheduler(**settings)


def fast_scheduler(settings: dict[str, Any] = SCHEDULE):
    """The same noise schedule with DPM-Solver++ 2M (Lu et al. 2022) on the noise levels of Karras et al. 2022.

    ``DDIMScheduler.from_config(pipe.scheduler.config)`` leads back to DDIM.
    """
    return diffusers.DPMSolverMultistepScheduler.from_config(
        ddim_scheduler(settings).config,
        algorithm_type="dpmsolver++",
        solver_order=2,
        use_karras_sigmas=True,
    )


def authors_ddim(config: dict[str, Any], steps: int):
    """DDIM on the steps that the authors' code takes: 1, 1 + c, 1 + 2c, ... with c = 1000 // steps.

    Parameters
    ----------
    config : dict
        Of the scheduler in whose place it is used.
    steps : int
        What is asked for; 30 become 31.

    Returns
    -------
    diffusers.DDIMScheduler
        Its time steps are set.

    Raises
    ------
    ValueError
        If the last step would lie beyond the schedule.
    """
    scheduler = diffusers.DDIMScheduler.from_config(config)
    trained = scheduler.config.num_train_timesteps
    grid = torch.arange(0, trained, max(trained // steps, 1)) + 1
    if grid[-1] >= trained:
        raise ValueError(
            f"num_inference_steps {steps} leads the authors' grid to {int(grid[-1])}, past its end {trained - 1}, "
            "where their code fails; use a divisor of 1000 up to 500, or faithful=False"
        )
    scheduler.set_timesteps(steps)  # its steps back are of trained // steps, as those of the grid
    scheduler.timesteps = grid.flip(0)
    return scheduler


def cut_runaways(latents: torch.Tensor) -> torch.Tensor:
    """Cut each latent of (N, 8, frames, bands) that exceeds 100 somewhere to -10 to 10; the others stay as they are.

    Notes
    -----
    The authors' code cuts all latents of a batch as soon as one of them exceeds 100. Here each is looked at by itself:
    a sound is the same whatever else is made beside it.
    """
    runaway = latents.abs().amax(dim=(1, 2, 3), keepdim=True) > 100
    return torch.where(runaway, latents.clamp(-10, 10), latents)
