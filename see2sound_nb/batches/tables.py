"""A table of photos with prompts and seeds, CSV or Parquet.

Notebook: 09_your_own.
"""

from __future__ import annotations

import csv
import pathlib
import warnings
from typing import Any

#: Names that say "table".
TABLES = (".csv", ".parquet")
#: The columns that are read; `photo` must be there.
COLUMNS = ("photo", "prompt", "seed")


def read_table(path: pathlib.Path) -> list[dict[str, Any]]:
    """The rows of a table.

    Parameters
    ----------
    path : pathlib.Path
        CSV in UTF-8 with a head line, or Parquet. Column ``photo``: the path of a photo or clip, as seen from the
        table's folder. ``prompt`` and ``seed`` are optional, and so is each of their cells.

    Returns
    -------
    list of dict
        ``photo`` (str), ``prompt`` (str or None), ``seed`` (int or None).

    Raises
    ------
    ValueError
        If it is no such table, or a cell does not hold what it should; the message names the row.
    ModuleNotFoundError
        If it is Parquet and pyarrow is not installed.

    Warns
    -----
    UserWarning
        If there are columns that are not read.
    """
    columns, rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    if "photo" not in columns:
        raise ValueError(
            f"{path} has no column photo, but {', '.join(columns)[:200] or 'nothing'}; name the column of paths so"
        )
    unread = [name for name in columns if name not in COLUMNS]
    if unread:
        warnings.warn(f"{path}: not read: {', '.join(unread)[:200]} (read are {', '.join(COLUMNS)})", stacklevel=2)
    return [_row(path, number, row) for number, row in enumerate(rows, start=1)]


def _row(path: pathlib.Path, number: int, row: dict[str, Any]) -> dict[str, Any]:
    photo, prompt, seed = (row.get(name) for name in COLUMNS)
    if not isinstance(photo, str) or not photo:
        raise ValueError(f"{path}, row {number}: photo is {photo!r}; it must be the path of a photo or clip")
    if not isinstance(prompt, str | None):
        raise ValueError(f"{path}, row {number}: prompt is {prompt!r}; it must be text, or empty")
    try:
        number_of = _whole(seed)
    except (ValueError, TypeError):
        raise ValueError(f"{path}, row {number}: seed is {seed!r}; it must be a whole number, or empty") from None
    if number_of is not None and not 0 <= number_of < 2**59:
        raise ValueError(f"{path}, row {number}: seed={seed} must lie in 0 to 2**59 - 1; choose another")
    return {"photo": str(path.parent / photo), "prompt": prompt or None, "seed": number_of}


def _whole(seed: Any) -> int | None:
    """A seed as it stands in a cell. pandas has a column with an empty cell as floating point: 3.0, and NaN."""
    if seed is None or seed == "" or seed != seed:
        return None
    if isinstance(seed, str) and not seed.strip().isdigit():
        seed = float(seed)
    if isinstance(seed, bool) or (isinstance(seed, float) and not (seed.is_integer() and seed < 2**53)):
        raise ValueError
    return int(seed)


def _csv(path: pathlib.Path) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns, rows = list(reader.fieldnames or []), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is no table in UTF-8 with commas ({error}); export it as CSV in UTF-8") from error
    for number, row in enumerate(rows, start=1):
        if None in row:
            raise ValueError(f"{path}, row {number} has more cells than the head line; put commas in quotes")
    return columns, rows


def _parquet(path: pathlib.Path) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("reading Parquet needs pyarrow: pip install 'see2sound_nb[cluster]'") from error
    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            table = file.read(columns=[name for name in COLUMNS if name in columns])
    except ArrowException as error:
        raise ValueError(f"{path} is no whole Parquet file ({' '.join(str(error).split())}); write it anew") from error
    return columns, table.to_pylist()
