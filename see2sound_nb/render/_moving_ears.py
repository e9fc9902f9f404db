"""The loops of `moving_ears`, compiled: thousands of images at each of hundreds of positions.

p is a `room.ism.definition.Problem`; s and r number its sources and receivers; lattice (n, 3) int64 are points of its
images, see `room.ism.lattice`.

numba keeps the machine code of a function until the function's own file changes. After a change in another file that it
uses delete the files ``__pycache__/*.nb?``; the tests do.
"""

from __future__ import annotations

import math

import numpy as np
from numba import complex64, float32, float64, int64, void

from see2sound_nb._numba import FASTMATH, loop
from see2sound_nb.render._vbap import facet_around
from see2sound_nb.room.ism.cpu_images import NORMS, PROBLEM, empty_tables, tables
from see2sound_nb.room.ism.definition import LEAD, STEPS, TAPS

#: Images that go through the loops together, so that each step is made of vector instructions.
_BLOCK = 128
#: Fine samples over which an image is spread, and for how many moments between two of them the window is tabulated.
SPREAD, SPREAD_STEPS = 8, 512
#: Floats in a row of the grid: room for the channels of order 5, in whole vector registers.
WIDTH = 40
#: By so much, times the square of how many samples it is beside the middle, the taps' Hann window weakens an arrival.
BESIDE = (math.pi / (2 * LEAD)) ** 2
_TAPS = np.ascontiguousarray(TAPS[:, : 2 * LEAD])  # the window is zero at the 81st
_ROWS, _STACK = float64[:, ::1], float64[:, :, ::1]


@loop()
def _heard(p, at, gain, lattice, begin, count, x, y, z, alpha, moment):
    """Unit vectors, alpha_m and tau_m in samples (40 later, rounded as `cpu_images` does) of `count` images."""
    nx, ny, nz = p.reach
    rate, lead = np.float32(p.sample_rate), LEAD / p.sample_rate
    for n in range(count):
        i, j, k = nx + lattice[begin + n, 0], ny + lattice[begin + n, 1], nz + lattice[begin + n, 2]
        u, v, w = at[0, i], at[1, j], at[2, k]
        d = math.sqrt(u * u + v * v + w * w)
        nearer = 1 / d
        x[n], y[n], z[n] = u * nearer, v * nearer, w * nearer
        alpha[n] = gain[0, i] * gain[1, j] * gain[2, k] * nearer
        moment[n] = rate * np.float32(d / p.speed_m_s + lead)


@loop()
def _harmonics(x, y, z, alpha, order, count, state, out):
    """alpha_m times the spherical harmonics (ACN, SN3D) of a block of directions, out (channels, block)."""
    cosine, sine, before, now = state[0], state[1], state[2], state[3]
    sectoral = np.float32(1)
    for t in range(count):
        cosine[t], sine[t] = alpha[t], 0
    for m in range(order + 1):
        for t in range(count):
            before[t], now[t] = 0, sectoral
        for n in range(m, order + 1):
            norm = np.float32(NORMS[n, m])
            one, two = np.float32((2 * n + 1) / (n + 1 - m)), np.float32((n + m) / (n + 1 - m))
            plus, minus = out[n * n + n + m], out[n * n + n - m]
            if m > 0:
                for t in range(count):
                    legendre = norm * now[t]
                    minus[t] = legendre * sine[t]
                    plus[t] = legendre * cosine[t]
            else:
                for t in range(count):
                    plus[t] = norm * now[t] * cosine[t]
            for t in range(count):
                later = one * z[t] * now[t] - two * before[t]
                before[t] = now[t]
                now[t] = later
        for t in range(count):  # the front is y, the left is -x
            turned = cosine[t] * y[t] + sine[t] * x[t]
            sine[t] = sine[t] * y[t] - cosine[t] * x[t]
            cosine[t] = turned
        sectoral *= np.float32(2 * m + 1)


@loop()
def _spread(begin, weights, values, out):
    """Add one image, `values` (WIDTH,), to SPREAD rows of `out` from `begin`, each weighted by the window."""
    for j in range(0, SPREAD, 2):  # two rows for one look at the values
        one, weight = out[begin + j], weights[j]
        two, next_weight = out[begin + j + 1], weights[j + 1]
        for c in range(min(len(values), WIDTH)):  # a plain WIDTH would be unrolled, and not vectorised
            value = values[c]
            one[c] += weight * value
            two[c] += next_weight * value


@loop(void(PROBLEM, int64, int64[:, ::1], int64, float64, float64, float32[:, ::1], float32[:, ::1]))
def encode_finely(p, position, lattice, order, finer, begins, windows, out):
    """Encode images into Ambisonics on a finer grid of samples; see `moving_ears`.

    Into `out` (samples, WIDTH): sample n there is the moment (n - begins) / finer here.

    The taps of `definition` are not quite those of a delay, and the window does what they do: their own one stands
    still while the arrival is up to a sample beside its middle, and between two rows of their table they are
    interpolated linearly, which bends the spreading window by its second derivative.
    """
    channels = (order + 1) ** 2
    at, gain = empty_tables(p)
    tables(p, position % len(p.sources_m), position % len(p.receivers_m), at, gain)
    x, y, z, alpha, moment = np.zeros((5, _BLOCK), dtype=np.float32)
    encoded, state = np.empty((channels, _BLOCK), dtype=np.float32), np.empty((4, _BLOCK), dtype=np.float32)
    level, part, bend = np.empty((3, _BLOCK), dtype=np.float32)
    first, row = np.empty((2, _BLOCK), dtype=np.int64)
    values, weights = np.zeros(WIDTH, dtype=np.float32), np.empty(SPREAD, dtype=np.float32)
    for begin in range(0, len(lattice), _BLOCK):
        count = min(_BLOCK, len(lattice) - begin)
        _heard(p, at, gain, lattice, begin, count, x, y, z, alpha, moment)
        _harmonics(x, y, z, alpha, order, count, state, encoded)
        for n in range(count):
            beside = moment[n] - np.float32(int64(moment[n]))
            step = np.float32(STEPS) * (np.float32(1) - beside)
            between = step - np.float32(int64(step))
            level[n] = np.float32(1) - np.float32(BESIDE) * beside * beside
            bend[n] = level[n] * np.float32(0.5 * (finer / STEPS) ** 2) * between * (np.float32(1) - between)
            place = (float64(moment[n]) - LEAD) * finer + begins
            whole = int64(place)
            fine = (place - whole) * SPREAD_STEPS
            row[n] = int64(fine)
            part[n] = level[n] * np.float32(fine - row[n])
            first[n] = whole - (SPREAD // 2 - 1)
        for n in range(count):
            for c in range(channels):
                values[c] = encoded[c, n]
            lower, upper = windows[row[n]], windows[row[n] + 1]
            w, v, u = level[n], part[n], bend[n]
            for j in range(SPREAD):
                weights[j] = w * lower[j] + v * (upper[j] - lower[j]) + u * lower[SPREAD + j]
            _spread(first[n], weights, values, out)


@loop()
def _fold(share, row, mirrored, above, above_mirrored):
    for c in range(len(row)):
        x, y = row[c] + share * above_mirrored[c], mirrored[c] + np.conj(share) * above[c]
        row[c], mirrored[c] = x, y


@loop(void(complex64[:, ::1], float32[:, :, ::1], complex64[::1], int64, complex64[:, ::1]),
      fastmath=FASTMATH | {"reassoc"})  # fmt: skip
def decode(spectra, filters, fold, size, out):
    """The ears' spectra, out (2, size / 2 + 1), of two Ambisonics channels in each complex one of `spectra`.

    `spectra` (fine samples, WIDTH / 2) is overwritten. `fold` are the shares of what lies above half the sample rate
    and is heard below. `filters` (bins, 8, WIDTH / 2) are real and imaginary parts in turn: the left ear's, the right
    one's, and what the conjugate of a bin's mirror image adds to the left ear, to the right one.
    """
    bins, fine = out.shape[1], len(spectra)
    for k in range(bins):
        mirror = fine - k if k else 0
        z, w, f = spectra[k], spectra[mirror], filters[k]
        if fold[k] != 0:
            above = size - k
            _fold(fold[k], z, w, spectra[above], spectra[fine - above])
        re_left = im_left = re_right = im_right = np.float32(0)
        for c in range(len(z)):
            x, y, u, v = z[c].real, z[c].imag, w[c].real, w[c].imag
            re_left += x * f[0, c] - y * f[1, c] + u * f[4, c] + v * f[5, c]
            im_left += x * f[1, c] + y * f[0, c] + u * f[5, c] - v * f[4, c]
            re_right += x * f[2, c] - y * f[3, c] + u * f[6, c] + v * f[7, c]
            im_right += x * f[3, c] + y * f[2, c] + u * f[7, c] - v * f[6, c]
        out[0, k] = complex(re_left, im_left)
        out[1, k] = complex(re_right, im_right)


@loop()
def _powers(angle, cosine, sine):
    """Cosine and sine of 0, 1, 2, ... times an angle, by doubling."""
    cosine[0], sine[0] = 1.0, 0.0
    have = 1
    while have < len(cosine):
        re, im = math.cos(have * angle), math.sin(have * angle)
        some = min(have, len(cosine) - have)
        x, y, u, v = cosine[:some], sine[:some], cosine[have : have + some], sine[have : have + some]
        for k in range(some):
            u[k] = x[k] * re - y[k] * im
            v[k] = x[k] * im + y[k] * re
        have *= 2


@loop(void(PROBLEM, int64, int64, int64[:, ::1], int64[:, ::1], _STACK, _ROWS, complex64[:, :, ::1],
           float32[:, :, ::1], int64, float32[:, ::1], complex64[:, :, :, ::1]))  # fmt: skip
def heads_towards(p, first, last, lattice, corners, inverses, times, aligned, loud, size, moment, out):
    """The head's spectra towards the images times alpha_m, as `HRTF.at` interpolates them.

    For positions `first` to `last` - 1, of the source or else of the receiver: moment (positions, n) becomes tau_m in
    samples, out (positions, n, 2, bins) the spectra. `aligned` are the measurements' as if all arrived at 0, and
    `loud` their magnitudes, (M, 2, bins).
    """
    at, gain = empty_tables(p)
    x, y, z, alpha = np.zeros((4, len(lattice)), dtype=np.float64)
    bins, weights = out.shape[3], np.empty(3)
    cosine, sine = np.empty(bins), np.empty(bins)
    facets = np.zeros(len(lattice), dtype=np.int64)  # where an image was found, it is sought first
    for position in range(first, last):
        tables(p, position % len(p.sources_m), position % len(p.receivers_m), at, gain)
        _heard(p, at, gain, lattice, 0, len(lattice), x, y, z, alpha, moment[position - first])
        for n in range(len(lattice)):
            facet = facet_around(x[n], y[n], z[n], inverses, facets[n], weights)
            facets[n] = facet
            f, g, h = corners[facet]
            total = weights[0] + weights[1] + weights[2]
            w0, w1, w2 = weights[0] / total, weights[1] / total, weights[2] / total
            f0, f1, f2 = np.float32(w0 * alpha[n]), np.float32(w1 * alpha[n]), np.float32(w2 * alpha[n])
            for ear in range(2):
                time = w0 * times[f, ear] + w1 * times[g, ear] + w2 * times[h, ear]
                _powers(-2 * math.pi * time / size, cosine, sine)
                a, b, c, o = aligned[f, ear], aligned[g, ear], aligned[h, ear], out[position - first, n, ear]
                loud_a, loud_b, loud_c = loud[f, ear], loud[g, ear], loud[h, ear]
                for k in range(bins):
                    re = f0 * a[k].real + f1 * b[k].real + f2 * c[k].real
                    im = f0 * a[k].imag + f1 * b[k].imag + f2 * c[k].imag
                    magnitude = abs(f0 * loud_a[k] + f1 * loud_b[k] + f2 * loud_c[k])
                    as_loud = magnitude / np.sqrt(max(re * re + im * im, np.float32(1e-36)))
                    u, v = as_loud * np.float32(cosine[k]), as_loud * np.float32(sine[k])
                    o[k] = complex(re * u - im * v, re * v + im * u)


@loop()
def _add_four(weights, padded, out):
    """A head, three zeros before it, played at four samples in a row."""
    a, b, c, d = padded[3:], padded[2:], padded[1:], padded
    p, q, r, s = weights[0], weights[1], weights[2], weights[3]
    for k in range(len(out)):
        out[k] += p * a[k] + q * b[k] + r * c[k] + s * d[k]


@loop(void(float32[:, ::1], float32[:, :, :, ::1], int64, float32[:, :, ::1]))
def add_arrivals(moment, heads, taps, out):
    """Add to `out` (positions, 2, L) the first `taps` samples of each image's heads (positions, n, 2, at least `taps`).

    They come tau_m samples late, moment (positions, n); what precedes 0 is cut off.
    """
    padded, weights = np.zeros(taps + 6, dtype=np.float32), np.empty(4, dtype=np.float32)
    for position in range(len(moment)):
        for n in range(moment.shape[1]):
            later = max(moment[position, n], np.float32(LEAD))  # rounded, may fall short
            whole = int64(later)
            step = np.float32(STEPS) * (np.float32(1) - (later - np.float32(whole)))
            row = int64(step)
            part = step - np.float32(row)
            for ear in range(2):
                padded[3 : 3 + taps] = heads[position, n, ear, :taps]
                for t in range(max(0, 2 * LEAD - whole) // 4 * 4, 2 * LEAD, 4):  # four taps for one look at a sample
                    begin = whole + t - 2 * LEAD
                    cut = max(0, -begin)
                    for j in range(4):
                        weight = (np.float32(1) - part) * _TAPS[row, t + j] + part * _TAPS[row + 1, t + j]
                        weights[j] = weight if j >= cut else np.float32(0)
                    _add_four(weights, padded[cut:], out[position, ear, begin + cut : begin + taps + 3])
