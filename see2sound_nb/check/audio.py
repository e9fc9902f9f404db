"""Checks of the exercises of notebook 04: phase, velocity, the mixture of sound and noise, and the steps of DDIM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.check._compare import answered, chosen, right, same, within


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
    noise, time_s = rng.normal(size=32000), np.arange(32000) / 16000
    sounds = {"claps": noise * np.exp(-200 * ((time_s + 0.25) % 0.5)), "noise": noise}
    lost_db = {name: _peak_db(sound) - _peak_db(_without_phase(sound, rng)) for name, sound in sounds.items()}
    chosen(yours, max(lost_db, key=lambda name: abs(lost_db[name])), tuple(sounds), "the sound that phase makes")
    said = ", ".join(f"{name} {-lost:+.0f} dB" for name, lost in lost_db.items())
    right(f"random phases change by how much the peak stands above the RMS: {said}")


def noise_from_velocity(yours: Callable) -> None:
    """A function from velocity and mixture to noise, on mixtures whose noise is known.

    Parameters
    ----------
    yours : callable
        ``f(v, z_t, a)`` with v and z_t (4, 5) float and a from 0 to 1 gives the noise (4, 5).

    Raises
    ------
    AssertionError
        At the first element that is not the noise.

    Notes
    -----
    Notebook: 04_audio.
    """
    answered(yours, "noise_from_velocity")
    rng = np.random.default_rng(5)
    for a in (0.5, 0.0, 1.0, *rng.uniform(size=3)):
        z_0, noise = rng.normal(size=(2, 4, 5))
        signal, rest = np.sqrt(a), np.sqrt(1 - a)
        found = yours(signal * noise - rest * z_0, signal * z_0 + rest * noise, a)
        same(found, noise, f"the noise where alpha_bar is {a:.3g}", "(no unit)", atol=1e-6)
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
    if not isinstance(yours, (tuple, list)) or len(yours) != 2:
        raise AssertionError(f"{case}: yours is {yours!r}; give two numbers, (alpha_bar, power in dB)")
    a = np.linspace(0, 1, 2001)
    power = a**2 + (1 - a) ** 2
    within(yours[0], float(a[power.argmin()]), 0.01, f"{case}: alpha_bar at index 0", "(no unit)")
    within(yours[1], float(10 * np.log10(power.min())), 0.1, f"{case}: power at index 1", "dB")
    z_0, noise = np.random.default_rng(6).normal(size=(2, 100_000))
    measured = 10 * np.log10(np.mean((yours[0] * z_0 + (1 - yours[0]) * noise) ** 2))
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
    answered(yours, case)
    if not isinstance(yours, (int, np.integer)) or isinstance(yours, bool) or not 2 <= yours <= 999:
        raise AssertionError(f"{case}: {yours!r} is no whole number from 2 to 999")
    errors = {int(steps): _ddim_error(int(steps)) for steps in (yours - 1, yours)}
    if errors[int(yours)] >= 0.02:
        raise AssertionError(f"{case}: {yours} steps leave {100 * errors[int(yours)]:.2f} %; take more")
    if errors[int(yours) - 1] < 0.02:
        raise AssertionError(
            f"{case}: {yours - 1} steps leave {100 * errors[int(yours) - 1]:.2f} % already; take fewer"
        )
    right(
        f"{yours} steps leave {100 * errors[int(yours)]:.2f} %, {yours - 1} leave {100 * errors[int(yours) - 1]:.2f} %"
    )


def _peak_db(wave: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(wave).max() / np.sqrt(np.mean(wave**2))))


def _without_phase(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from scipy.signal import istft, stft

    pieces = dict(nperseg=1024, noverlap=864)
    spectrum = np.abs(stft(wave, **pieces)[2])
    return istft(spectrum * np.exp(2j * np.pi * rng.random(spectrum.shape)), **pieces)[1]


def _ddim_error(steps: int, spread: float = 0.5) -> float:
    """How far DDIM ends from where infinitely many steps would; the denoiser is exact."""
    from see2sound_nb.codi.schedule import ddim_scheduler

    alpha_bar = ddim_scheduler().alphas_cumprod.double().numpy()
    levels = alpha_bar[np.linspace(999, 0, steps + 1).round().astype(int)]
    variance = levels * spread**2 + 1 - levels
    z = 1.0
    for a, a_next, v in zip(levels, levels[1:], variance):
        noise, z_0 = np.sqrt(1 - a) * z / v, np.sqrt(a) * spread**2 * z / v
        z = np.sqrt(a_next) * z_0 + np.sqrt(1 - a_next) * noise
    return float(abs(z / np.sqrt(variance[-1] / variance[0]) - 1))
