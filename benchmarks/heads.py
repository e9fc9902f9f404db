"""Half way between the measurements of a head: how much softer, and how far beyond both in time?

    python benchmarks/heads.py a.sofa b.sofa

For each file a row, at the file's own rate: pairs of neighbours; the lowest level relative to the softer of the two, of
everything and of octaves from 500 Hz on; by how much the ITD below 1.5 kHz lies outside theirs, and for how many pairs
by more than 30 us; the same where the ears of both agree by at least 0.1 (crest of their normalised cross-correlation
below 1.5 kHz): where they do not, there is no ITD. See "Heads of others" in RESULTS.md.
"""

from __future__ import annotations

import pathlib
import sys
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests"))

from render.between import levels_db, neighbours, outside, slow_itd_and_agreement, slow_itd_us

from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.render.sofa import read_sofa

#: Ears that agree by less than this have no ITD.
AGREE = 0.1


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print(
        "| set (directions, kHz) | pairs | level, dB | in octaves, dB | ITD, us | pairs with one | ITD of these, us |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in sys.argv[1:]:
        rate = read_sofa(name, None)[2]
        head = load_hrtf(name, sample_rate=rate)
        pairs = neighbours(head)
        one, other = (head.responses[rows] for rows in pairs.T)
        between = head.at(head.directions[pairs].sum(axis=1))
        below_db = levels_db(between, rate) - np.minimum(levels_db(one, rate), levels_db(other, rate))
        (a, agree), (b, too) = (slow_itd_and_agreement(some, rate) for some in (one, other))
        beyond = outside(a, b, slow_itd_us(between, rate))
        has_one = np.minimum(agree, too) >= AGREE
        print(
            f"| {pathlib.Path(name).stem} ({len(head.directions)}, {rate / 1000:g}) | {len(pairs)} | "
            f"{below_db[..., 0].min():.2f} | {below_db.min():.2f} | {beyond.max():.0f} ({(beyond > 30).sum()}) | "
            f"{has_one.sum()} | {beyond[has_one].max():.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
