"""The definition as two Triton kernels: for NVIDIA GPUs, and the very same bodies for Triton's interpreter on a CPU.

1. `add_images`: one lane for each image. It finds the image's place, distance and gain and adds 8 moments
   (`definition.BASIS`) to the sample at which the arrival comes.
2. `filter_moments`: turns the moments of all images into their taps at once. Sixteen neighbouring samples depend on
   the same 96 rows of moments, and these lie one after the other in memory, so the filter is a product of matrices.

Places and distances are in double precision (an image costs about 16 such operations, which even a consumer GPU with
its few units for them can afford) and everything is rounded where the definition rounds, so all agree with the CPU to
a few 1e-7 of the peak. The images are added with atomic operations, in whatever order the GPU comes to them: on CUDA
the last digit of a sum may differ from run to run.

Notebook: 05_image_sources.
"""

from __future__ import annotations

try:
    import triton
    import triton.language as tl
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "device 'cuda' needs Triton, which comes with the CUDA builds of torch for Linux; install such a build, or "
        "choose device='cpu'"
    ) from error

from see2sound_nb.room.ism import definition

# As the kernels may see them: Triton reads module constants of this type only.
MOMENTS, STEPS = tl.constexpr(definition.MOMENTS), tl.constexpr(definition.STEPS)
P0, P1, P2 = (tl.constexpr(prime) for prime in definition.HASH_PRIMES)
M0, M1 = (tl.constexpr(prime) for prime in definition.MIX_PRIMES)
#: Columns of `gpu.pack`: each pair of source and receiver has one row of so many numbers.
COLUMNS = tl.constexpr(35)
#: `filter_moments` makes ROWS times RUN samples with one program; RUN of them depend on REACH rows of moments.
ROWS, RUN, REACH = tl.constexpr(32), tl.constexpr(16), tl.constexpr(16 + 2 * definition.LEAD)


@triton.jit
def _axis(i, pair, exact, axis: tl.constexpr):
    """Where images i of one axis stand, seen from the receiver, and log2 of the reflections on the way to them."""
    size, source = tl.load(pair + axis), tl.load(pair + 3 + axis)
    at = i.to(tl.float32) * size + tl.where(i % 2 == 0, source, size - source)
    far = tl.where(i > 0, (i + 1) // 2, -i // 2)
    near = tl.abs(i) - far
    loss = near.to(tl.float32) * tl.load(pair + 9 + 2 * axis) + far.to(tl.float32) * tl.load(pair + 10 + 2 * axis)
    return at.to(tl.float64) - tl.load(exact + 6 + axis), loss


@triton.jit
def _mix(x):
    x = (x ^ (x >> 16)) * M0
    x = (x ^ (x >> 15)) * M1
    return x ^ (x >> 16)


@triton.jit
def _move(state, axis: tl.constexpr, jitter_m):
    return (2 * (_mix(state + (axis + 1)).to(tl.float64) * 2.0**-32) - 1) * jitter_m


@triton.jit
def _gain(pattern, x, y, z):
    """A first-order pattern's gain towards a unit vector."""
    towards = tl.load(pattern + 1) * x + tl.load(pattern + 2) * y + tl.load(pattern + 3) * z
    return tl.load(pattern) + towards


@triton.jit(do_not_specialize=["start", "points", "lead"])
def add_images(
    singles, doubles, start, lattice, points, table, norms, moments, rows, lead,
    ORDER: tl.constexpr, JITTER: tl.constexpr, IMAGES: tl.constexpr,
):  # fmt: skip
    """Add `IMAGES` images of one pair of source and receiver to its moments, (channels, rows, 8) of (pairs, ...).

    `singles` and `doubles` are the rows of `gpu.pack` in either precision, of which number `start` is the first to be
    done; `lattice` (3, points) are the lattice points.
    """
    p = tl.program_id(1)
    pair, exact = singles + (start + p) * COLUMNS, doubles + (start + p) * COLUMNS
    n = tl.program_id(0) * IMAGES + tl.arange(0, IMAGES)
    i = tl.load(lattice + n, mask=n < points, other=0).to(tl.int32)
    j = tl.load(lattice + points + n, mask=n < points, other=0).to(tl.int32)
    k = tl.load(lattice + 2 * points + n, mask=n < points, other=0).to(tl.int32)
    inside = (tl.abs(i) <= tl.load(pair + 23)) & (tl.abs(j) <= tl.load(pair + 24)) & (tl.abs(k) <= tl.load(pair + 25))
    inside &= tl.abs(i) + tl.abs(j) + tl.abs(k) <= tl.load(pair + 26)

    x, loss_x = _axis(i, pair, exact, 0)
    y, loss_y = _axis(j, pair, exact, 1)
    z, loss_z = _axis(k, pair, exact, 2)
    if JITTER:
        state = _mix(tl.load(exact + 33).to(tl.int64).to(tl.uint32) ^ (i.to(tl.uint32) * P0))
        state = _mix(state ^ (j.to(tl.uint32) * P1))
        state = _mix(state ^ (k.to(tl.uint32) * P2))
        jitter_m = tl.where((i | j | k) == 0, 0.0, tl.load(exact + 32))  # the source itself stays
        x += _move(state, 0, jitter_m)
        y += _move(state, 1, jitter_m)
        z += _move(state, 2, jitter_m)

    # d_m in double precision: a root in single precision and one step of Newton's method.
    square = x * x + y * y + z * z
    inverse = tl.rsqrt(square.to(tl.float32))
    d = square * inverse
    d += 0.5 * inverse * (square - d * d)
    inside &= d <= tl.load(exact + 27)
    x, y, z = x.to(tl.float32) * inverse, y.to(tl.float32) * inverse, z.to(tl.float32) * inverse

    # alpha_m: walls and air are one power of two; then how the sound left the source, mirrored with it.
    alpha = tl.exp2(loss_x + loss_y + loss_z - tl.load(pair + 28) * d.to(tl.float32)) * inverse
    alpha *= _gain(pair + 15, tl.where(i % 2 == 0, -x, x), tl.where(j % 2 == 0, -y, y), tl.where(k % 2 == 0, -z, z))

    # tau_m in samples, rounded where the definition rounds; then the moments, between two rows of the table linearly.
    moment = tl.load(pair + 29) * (d * tl.load(exact + 30) + tl.load(exact + 31)).to(tl.float32)
    whole = tl.floor(moment)
    step = STEPS * (1.0 - (moment - whole))
    row = step.to(tl.int32)
    m = tl.arange(0, MOMENTS)
    entry = table + row[:, None] * MOMENTS + m[None, :]
    sooner = tl.load(entry)
    shares = sooner + (step - row.to(tl.float32))[:, None] * (tl.load(entry + MOMENTS) - sooner)

    at = whole.to(tl.int32) + lead
    at = tl.where(inside & (n < points) & (at < rows), at, -1)[:, None]
    CHANNELS: tl.constexpr = (ORDER + 1) * (ORDER + 1) if ORDER >= 0 else 1
    to = moments + (p * CHANNELS * rows + at) * MOMENTS + m[None, :]
    if ORDER < 0:
        alpha *= _gain(pair + 19, x, y, z)
        tl.atomic_add(to, alpha[:, None] * shares, mask=at >= 0, sem="relaxed")
    else:  # spherical harmonics, as in ambisonics.encode; front is y, left is -x
        cosine, sine = alpha, 0.0 * alpha
        for a in tl.static_range(ORDER + 1):
            before, now = 0.0 * z, 0.0 * z + 1.0
            for b in tl.static_range(a, ORDER + 1):
                value, centre = tl.load(norms + b * (ORDER + 1) + a) * now, to + (b * b + b) * rows * MOMENTS
                tl.atomic_add(
                    centre + a * rows * MOMENTS, (value * cosine)[:, None] * shares, mask=at >= 0, sem="relaxed"
                )
                if a > 0:
                    tl.atomic_add(
                        centre - a * rows * MOMENTS, (value * sine)[:, None] * shares, mask=at >= 0, sem="relaxed"
                    )
                before, now = now, ((2 * b + 1) * z * now - (b + a) * before) * (1.0 / (b + 1 - a))
            cosine, sine = cosine * y + sine * x, sine * y - cosine * x


@triton.jit(do_not_specialize=["start", "length"])
def filter_moments(moments, filters, h, start, rows, length, PART: tl.constexpr):
    """h[n] = sum over m, k of moments[n + 80 - k, m] * BASIS[m, k], for ROWS * RUN samples of one response.

    The first response in `moments` (responses, rows, 8) is number `start` in `h` (responses, length).

    Row a of the left matrix is what samples a * RUN to (a + 1) * RUN - 1 depend on: REACH rows of moments, as they lie
    in memory. Column r of `filters` holds the filters for the r-th sample among them.
    """
    response = tl.program_id(1)
    begin = tl.program_id(0) * (ROWS * RUN)
    a, r, q = tl.arange(0, ROWS), tl.arange(0, RUN), tl.arange(0, PART)
    left = moments + (response * rows + begin) * MOMENTS + a[:, None] * (RUN * MOMENTS) + q[None, :]
    right = filters + q[:, None] * RUN + r[None, :]
    total = tl.full((ROWS, RUN), 0.0, tl.float32)
    for part in range(0, REACH * MOMENTS, PART):  # three passes in TF32 make up single precision
        total = tl.dot(tl.load(left + part), tl.load(right + part * RUN), total, input_precision="tf32x3")
    n = begin + a[:, None] * RUN + r[None, :]
    tl.store(h + (start + response).to(tl.int64) * length + n, total, mask=n < length)
