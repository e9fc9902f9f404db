"""Tables of photos: CSV as editors and pandas write it, Parquet, and what is wrong with one, by its row."""

import builtins
import warnings

import pytest

from see2sound_nb.batches.tables import read_table


def read(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


def test_cells_may_be_empty_and_columns_missing(tmp_path):
    rows = read(tmp_path, 'photo,prompt,seed\na.jpg,"rain, at night",7\nb.jpg,,\n')
    assert [(row["prompt"], row["seed"]) for row in rows] == [("rain, at night", 7), (None, None)]
    assert rows[0]["photo"] == str(tmp_path / "a.jpg")
    (row,) = read(tmp_path, "photo\na.jpg\n")
    assert (row["prompt"], row["seed"]) == (None, None)


def test_as_a_spreadsheet_and_pandas_write_it(tmp_path):
    rows = read(tmp_path, b"\xef\xbb\xbfphoto,seed\r\n\xc3\xa4.jpg,3.0\r\nb.jpg,\r\n")
    assert rows[0]["photo"].endswith("\u00e4.jpg") and [row["seed"] for row in rows] == [3, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path\na.jpg\n", "no column photo, but path"),
        ("", "no column photo"),
        ("photo,seed\na.jpg,1\nb.jpg,x\n", "row 2: seed is 'x'; it must be a whole number"),
        ("photo,seed\na.jpg,1.5\n", "row 1: seed is '1.5'"),
        ("photo,seed\na.jpg,-1\n", "row 1: seed=-1 must lie in 0 to"),
        ("photo,seed\na.jpg,999999999999999999\n", "row 1: seed=999999999999999999 must lie"),
        ("photo,prompt\n,rain\n", "row 1: photo is ''"),
        ("photo,prompt\na.jpg,rain, at night\n", "row 1 has more cells"),
        (b"photo\n\xff\xfe.jpg\n", "no table in UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read(tmp_path, text)


def test_columns_that_are_not_read_are_named(tmp_path):
    with pytest.warns(UserWarning, match="not read: promt, licence"):
        read(tmp_path, "photo,promt,licence\na.jpg,rain,CC0\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(tmp_path, "photo,prompt\na.jpg,rain\n")


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    found = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(name=name)
        return found(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=r"see2sound_nb\[cluster\]"):
        read(tmp_path, b"", "t.parquet")


def test_parquet_says_the_same_as_csv(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"photo": ["a.jpg", "b.jpg"], "prompt": ["rain", None], "seed": [2**58 + 1, None], "licence": ["", ""]}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    with pytest.warns(UserWarning, match="not read: licence"):
        found = read_table(tmp_path / "t.parquet")
    assert found == read(tmp_path, f"photo,prompt,seed\na.jpg,rain,{2**58 + 1}\nb.jpg,,\n")
    columns["seed"] = [3.0, float("nan")]  # as pandas has whole numbers where one is missing
    parquet.write_table(pa.table({name: columns[name] for name in ("photo", "seed")}), tmp_path / "t.parquet")
    assert [row["seed"] for row in read_table(tmp_path / "t.parquet")] == [3, None]
    (tmp_path / "t.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:-9])
    with pytest.raises(ValueError, match="no whole Parquet file"):
        read_table(tmp_path / "t.parquet")
