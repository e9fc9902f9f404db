"""Table 1 from the lines of photos: means with their intervals, and which measures cannot tell the controls apart.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from see2sound_nb.evaluation.photos import COMPARED, CORRECTED, FULL, WHOLE
from see2sound_nb.measure.intervals import bootstrap_mean
from see2sound_nb.measure.published_similarity import MEASURES
from see2sound_nb.media.files import atomic_path

#: With fewer photos nothing can be told at the 5 % level, were all of them of one mind: 2 / 2**5 = 0.0625.
FEWEST_PHOTOS = 6
#: What each measure is called in tables, with its unit, if it has one.
TITLES = {
    "mfcc_dtw": "MFCC-DTW",
    "zero_crossings": "zero crossings",
    "rhythm": "rhythm",
    "chroma": "chroma",
    "contrast": "contrast",
    "stoi": "STOI",
    "swass": "SWASS",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A cell of Table 1, or of its controls.

    Attributes
    ----------
    definition : str
        Of the measure: ``"corrected"`` or ``"as published"``.
    measure, way, compared : str
        Which measure, of which of the two sounds, and what that is compared with: ``"matched"`` is the table's cell,
        ``"unchanged"``, ``"another clip"`` and ``"noise"`` are its controls.
    mean, low, high : float or None
        The mean over photos and its 95 % interval; None where no photo has a value.
    n : int
        How many photos these are.
    doubt : str
        Why this measure cannot tell the controls of this sound apart; empty if it can.
    """

    definition: str
    measure: str
    way: str
    compared: str
    mean: float | None
    low: float | None
    high: float | None
    n: int
    doubt: str


def table_1(lines: Iterable[dict[str, Any]], *, seed: int = 0) -> list[Row]:
    """Mean, bootstrap interval and n of every measure, way and control.

    Parameters
    ----------
    lines : iterable of dict
        As `evaluate_photos` returns them; those of photos that failed have no say.
    seed : int
        Of the bootstrap.

    Returns
    -------
    list of Row
        By definition, measure, way and what was compared.

    Raises
    ------
    ValueError
        If there is no line with values.

    Notes
    -----
    Intervals are those of `measure.intervals.bootstrap_mean`. A measure is doubted for a sound if, of
    photos that have both, the mean difference between the sound with itself and with another clip, or with noise, is
    not on the right side of 0 with its whole interval; or if fewer than six photos have both. That a measure is not
    doubted says only that it is no coin: an untouched clip is told from an unrelated one by most.
    Paper: section 5, Table 1. Notebook: 08_evaluation.
    """
    values = [line["values"] for line in lines if "values" in line]
    if not values:
        raise ValueError("no photo has values; evaluate some that can be read")
    rows = []
    for definition in values[0]:
        for measure in MEASURES:
            for way in (WHOLE, FULL):
                x = {c: _column(value[definition][way][c][measure] for value in values) for c in COMPARED}
                sign = -1.0 if (definition, measure) == (CORRECTED, "mfcc_dtw") else 1.0
                doubt = _doubt(x, sign, seed)
                for compared in COMPARED:
                    rows.append(Row(definition, measure, way, compared, *bootstrap_mean(x[compared], seed=seed), doubt))
    return rows


def _column(values: Iterable[float | None]) -> np.ndarray:
    return np.array([math.nan if value is None else value for value in values])


def _doubt(x: dict[str, np.ndarray], sign: float, seed: int) -> str:
    """Why a measure tells nothing, of which more is better (or, with the sign -1, less)."""
    for control in ("another clip", "noise"):
        _, low, _, n = bootstrap_mean(sign * (x["unchanged"] - x[control]), seed=seed)
        if n < FEWEST_PHOTOS:
            short = "has no value for" if n == 0 else f"has a value of only {n} photos for"
            return f"{short} {control} (six are the fewest)" if n else f"{short} {control}"
        if low is None or low <= 0:
            return f"cannot tell {control} from the clip itself"
    return ""


def describe_table(rows: Sequence[Row], heading: str = "") -> str:
    """The table as text: means, intervals and n, controls beside them, and what cannot be told.

    Parameters
    ----------
    rows : sequence of Row
        As from `table_1`.
    heading : str
        What it is a table of: folder, matcher, seed.

    Returns
    -------
    str
        Lines of at most 120 characters, if the heading's are. Two digits after the point, as in the paper; the files of
        `write_tables` have all.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    out = [heading] if heading else []
    for definition in dict.fromkeys(row.definition for row in rows):
        some = [row for row in rows if row.definition == definition]
        out += ["", f"Measures {definition}: mean [95 % interval] n"]
        out.append(f"{'':18}" + "".join(f"{name:<25}" for name in COMPARED).rstrip())
        for measure in dict.fromkeys(row.measure for row in some):
            out.append(title_of(definition, measure))
            for way in (WHOLE, FULL):
                cells = [row for row in some if (row.measure, row.way) == (measure, way)]
                mark = "?" if cells[0].doubt else " "
                name = "CoDi, whole" if way == WHOLE else way
                out.append(f" {mark} {name:<15}" + "".join(f"{_cell(row):<25}" for row in cells).rstrip())
        doubts = dict.fromkeys((row.measure, row.way, row.doubt) for row in some if row.doubt)
        out += [f" ? {TITLES[measure]}, {way}: {doubt}" for measure, way, doubt in doubts]
    return "\n".join(out)


def title_of(definition: str, measure: str) -> str:
    """A measure's name with its unit, and which way is more alike."""
    if measure != "mfcc_dtw":
        return f"{TITLES[measure]} (more is more alike)"
    if definition == CORRECTED:
        return "MFCC-DTW, dB (less is more alike)"
    return "MFCC-DTW, 1e-5 (more is more alike; the paper says less)"


def shown(row: Row) -> tuple[float, float, float] | None:
    """Mean, low and high in the unit of `title_of`; None where there is none."""
    if row.mean is None or row.low is None or row.high is None:
        return None
    scale = 1.0 if row.measure != "mfcc_dtw" or row.definition == CORRECTED else 1e5
    return scale * row.mean, scale * row.low, scale * row.high


def _cell(row: Row) -> str:
    values = shown(row)
    if values is None:
        return "- (n 0)"
    mean, low, high = (f"{x + 0.0:.2f}".replace("-0.00", "0.00") for x in values)
    return f"{mean} [{low}, {high}] {row.n}"


def write_tables(folder: str | os.PathLike, lines: Sequence[dict[str, Any]], rows: Sequence[Row]) -> list[pathlib.Path]:
    """Write ``table.csv``, a line for each photo, and ``summary.csv``, a line for each `Row`.

    Parameters
    ----------
    folder : path
        It must be there.
    lines, rows
        As from `evaluate_photos` and `table_1`.

    Returns
    -------
    list of pathlib.Path
        The two files. What has no value is empty, never NaN.

    Raises
    ------
    ValueError
        If the folder is not there or cannot be written to.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    columns = [(row.definition, row.way, row.compared, row.measure) for row in rows]
    table: list[list[Any]] = [["photo", "sources", "error", *(": ".join(column) for column in columns)]]
    for line in lines:
        values = [line["values"][d][w][c][m] if "values" in line else None for d, w, c, m in columns]
        table.append([line["photo"], line.get("sources"), line.get("error"), *values])
    summary: list[Any] = [
        [field.name for field in dataclasses.fields(Row)],
        *(dataclasses.astuple(row) for row in rows),
    ]
    paths = [pathlib.Path(folder) / name for name in ("table.csv", "summary.csv")]
    for path, content in zip(paths, (table, summary)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(content)
        with atomic_path(path) as beside:
            beside.write_text(text.getvalue(), "utf-8")
    return paths
