"""Checks of the exercises of notebook 04: phase, velocity, the mixture of sound and noise, and the steps of DDIM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.notebook.check._compare import SAMPLE_RATE, answered, chosen, function, number, right, same, within


def who_needs_phase(yours: str) -> None:
    """Which of two sounds a random phase changes more, measured by how far its peaks stand out.

    Parameters
    ----------
    yours : str
        ``"claps"`` or ``"noise"``.

    Raises
    ------
    AssertionError
        If it is the other one.

    Notes
    -----
    Notebook: 04_audio.
    """
    rng = np.random.default_rng(4)
    noise, time_s = rng.normal(size=2 * SAMPLE_RATE), np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    sounds = {"claps": noise * np.exp(-200 * ((time_s + 0.25) % 0.5)), "noise": noise}
    lost_db = {name: _peak_db(sound) - _peak_db(_without_phase(sound, rng)) for name, sound in sounds.items()}
    changed_more = max(lost_db, key=lambda name: abs(lost_db[name]))
    chosen(yours, changed_more, tuple(sounds), "the sound that random phases change more")
    said = ", ".join(f"{name} {-lost:+.0f} dB" for name, lost in lost_db.items())
    right(f"random phases change by how much the peak stands above the RMS: {said}")


def noise_from_velocity(yours: Callable) -> None:
    """A function from velocity and mixture to noise, on mixtures whose noise is known.

    Parameters
    ----------
    yours : callable
        ``f(v, z_t, alpha_bar)`` with velocity v and mixture z_t, (4, 5) float each, and alpha_bar from 0 (pure noise)
        to 1 gives the noise (4, 5).

    Raises
    ------
    AssertionError
        At the first element that is not the noise.

    Notes
    -----
    Notebook: 04_audio.
    """
    function(yours, "noise_from_velocity")
    rng = np.random.default_rng(5)
    for alpha_bar in (0.5, 0.0, 1.0, *rng.uniform(size=3)):
        z_0, noise = rng.normal(size=(2, 4, 5))
        signal, rest = np.sqrt(alpha_bar), np.sqrt(1 - alpha_bar)
        found = yours(signal * noise - rest * z_0, signal * z_0 + rest * noise, alpha_bar)
        same(found, noise, f"the noise where alpha_bar is {alpha_bar:.3g}", atol=1e-6)
    right("6 levels of noise, from pure noise to none: the noise that was mixed in")


def mixture_without_roots(yours: tuple[float, float]) -> None:
    """Where alpha_bar z_0 + (1 - alpha_bar) noise is weakest, and how weak.

    Parameters
    ----------
    yours : tuple of float
        alpha_bar, and the power there in dB of that of z_0.

    Raises
    ------
    AssertionError
        If alpha_bar is off by more than 0.01, or the power by more than 0.1 dB.

    Notes
    -----
    Notebook: 04_audio.
    """
    case = "the weakest mixture"
    answered(yours, case)
    try:
        alpha_bar, power_db = yours
    except (TypeError, ValueError):
        raise AssertionError(f"{case}: yours is {yours!r}; give two numbers, (alpha_bar, power in dB)") from None
    shares = np.linspace(0, 1, 2001)
    power = shares**2 + (1 - shares) ** 2
    same(alpha_bar, shares[power.argmin()], f"{case}: alpha_bar at index 0", rtol=0, atol=0.01)
    within(power_db, float(10 * np.log10(power.min())), 0.1, f"{case}: power at index 1", "dB")
    z_0, noise = np.random.default_rng(6).normal(size=(2, 100_000))
    mixture = float(alpha_bar) * z_0 + (1 - float(alpha_bar)) * noise
    measured = 10 * np.log10(np.mean(mixture**2))
    right(f"measured on 100,000 mixtures: {measured:.1f} dB; with the roots it is 0 dB everywhere")


def enough_steps(yours: int) -> None:
    """The fewest steps of DDIM that come within 2 % of the exact end, for Gaussian data of spread 0.5.

    Parameters
    ----------
    yours : int
        Number of steps.

    Raises
    ------
    AssertionError
        If they are too few, or fewer would do; the error that remains is told in per cent.

    Notes
    -----
    Notebook: 04_audio.
    """
    case = "steps to within 2 %"
    steps = number(yours, case, "steps")
    if not steps.is_integer():
        raise AssertionError(f"{case}: {steps:g} is no whole number; give one from 2 to 999")
    if not 2 <= steps <= 999:
        raise AssertionError(f"{case}: {steps:g} is not from 2 to 999")
    left, left_by_fewer = (100 * _ddim_error(int(count)) for count in (steps, steps - 1))
    if left >= 2:
        raise AssertionError(f"{case}: {steps:g} steps leave {left:.2f} %; take more")
    if left_by_fewer < 2:
        raise AssertionError(f"{case}: {steps - 1:g} steps leave {left_by_fewer:.2f} % already; take fewer")
    right(f"{steps:g} steps leave {left:.2f} %, {steps - 1:g} leave {left_by_fewer:.2f} %")


def _peak_db(wave: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(wave).max() / np.sqrt(np.mean(wave**2))))


def _without_phase(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from scipy.signal import istft, stft

    pieces = dict(nperseg=1024, noverlap=864)
    spectrum = np.abs(stft(wave, **pieces)[2])
    return istft(spectrum * np.exp(2j * np.pi * rng.random(spectrum.shape)), **pieces)[1]


def _ddim_error(steps: int) -> float:
    """How far DDIM ends from where infinitely many steps would, for data of spread 0.5; the denoiser is exact."""
    from see2sound_nb.sounds.codi.schedule import ddim_scheduler

    spread = 0.5
    alpha_bar = ddim_scheduler().alphas_cumprod.double().numpy()
    levels = alpha_bar[np.linspace(999, 0, steps + 1).round().astype(int)]
    variance = levels * spread**2 + 1 - levels
    z = 1.0
    for a, a_next, v in zip(levels, levels[1:], variance):
        noise, z_0 = np.sqrt(1 - a) * z / v, np.sqrt(a) * spread**2 * z / v
        z = np.sqrt(a_next) * z_0 + np.sqrt(1 - a_next) * noise
    return float(abs(z / np.sqrt(variance[-1] / variance[0]) - 1))
