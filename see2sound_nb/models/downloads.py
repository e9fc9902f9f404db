"""Fetching model files: resumed where they were cut, checked, and whole or not there.

A file is written to ``NAME.part`` beside its place and takes its name when it is complete and its checksum is
right. What lies in `cache_dir` is used as it is, so a file can also be put there by hand.

Notebook: 09_your_own.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import pathlib
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

#: Where repositories of the model hub are found, unless ``$HF_ENDPOINT`` names a mirror.
HUB = "https://huggingface.co"
#: A download is not begun without room for its size times this.
ROOM = 1.1
#: No answer for so long, in seconds, is a cut connection.
TIMEOUT_S = 30
BLOCK = 1 << 20


def cache_dir() -> pathlib.Path:
    """Folder of downloaded models: ``$SEE2SOUND_CACHE``, else the user's cache folder."""
    import platformdirs

    return pathlib.Path(os.environ.get("SEE2SOUND_CACHE") or platformdirs.user_cache_path("see2sound_nb")).expanduser()


def fetch(url: str, path: str | os.PathLike, *, size_mb: float, sha256: str = "") -> pathlib.Path:
    """Download a file, unless it is there; a cut download goes on where it stopped, now or in the next call.

    Parameters
    ----------
    url : str
        Where the file is.
    path : str or path
        Where it shall be; its folder is made.
    size_mb : float
        Its size in megabytes, for the check of the disk and for messages.
    sha256 : str
        Its checksum in hexadecimal digits; empty if it is not known.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    FileNotFoundError
        If it can neither be found nor downloaded; the message says what to put where.
    OSError
        If the disk has no room for it.
    ValueError
        If the file is not the one whose checksum is known.

    Notes
    -----
    Range requests: RFC 9110, section 14.
    """
    path = pathlib.Path(path)
    if path.is_file():
        _check_sum(path, path, sha256)
        return path
    _check_room(path, size_mb * 1e6 * ROOM - _size(_part(path)))
    try:
        _complete(url, path, sha256, {})
    except (OSError, http.client.HTTPException) as error:
        described = f"{url} ({size_mb:g} MB{', SHA-256 ' + sha256 if sha256 else ''})"
        raise _failed(path, f"{described} and put it at {path}", error) from error
    return path


def in_hub_cache(repo: str, files: Sequence[str]) -> pathlib.Path | None:
    """The folder of a repository in the cache that all programs of the model hub share, if the files are all there.

    Parameters
    ----------
    repo, files
        As `hub_folder`.

    Returns
    -------
    pathlib.Path or None
        The folder of one version of the repository, or None.
    """
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(repo, name) for name in files]
    paths = [pathlib.Path(path) for path in found if isinstance(path, str)]
    return paths[-1].parents[files[-1].count("/")] if len(paths) == len(files) else None


def hub_folder(
    repo: str,
    files: Sequence[str],
    *,
    size_mb: float,
    folder: str | os.PathLike | None = None,
    endpoint: str | None = None,
) -> pathlib.Path:
    """Download the named files of a repository on the model hub, unless they are there, and nothing else.

    What another program left in the hub's own cache is used from there (`in_hub_cache`). The hub's client says what
    a file's checksum is and who may have it; the download is as in `fetch`, because the client's own begins anew
    after it was stopped.

    Parameters
    ----------
    repo : str
        Such as ``"depth-anything/Depth-Anything-V2-Small-hf"``.
    files : sequence of str
        Names in the repository, such as ``("config.json", "model.safetensors")``.
    size_mb : float
        Size of all of them together in megabytes.
    folder : str or path, optional
        Where they shall be; by default the folder ``owner/name`` in `cache_dir`.
    endpoint : str, optional
        Address of the hub; by default ``$HF_ENDPOINT``, else `HUB`.

    Returns
    -------
    pathlib.Path
        The folder, which holds all of them.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        As `fetch`; the message names every file that is missing.
    """
    folder = cache_dir() / repo if folder is None else pathlib.Path(folder)
    missing = [name for name in files if not (folder / name).is_file()]
    if not missing:
        return folder
    if (cached := in_hub_cache(repo, files)) is not None:
        return cached
    endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    there = sum(_size(folder / name) or _size(_part(folder / name)) for name in files)
    _check_room(folder / missing[-1], size_mb * 1e6 * ROOM - there)
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    addresses = [hf_hub_url(repo, name, endpoint=endpoint) for name in missing]
    try:
        for name, address in zip(missing, addresses):
            etag = get_hf_file_metadata(address).etag or ""
            sha256 = etag if len(etag) == 64 else ""  # that of a small file is not its SHA-256
            _complete(address, folder / name, sha256, build_hf_headers())
    except ValueError:  # the wrong checksum
        raise
    except Exception as error:  # the errors of the hub's HTTP libraries, which change, have no class in common
        described = " and ".join(f"{address} as {folder / name}" for name, address in zip(missing, addresses))
        raise _failed(folder / missing[-1], f"{described} (all files of {repo}: {size_mb:g} MB)", error) from error
    return folder


def check_whole(found: dict[str, Any]) -> None:
    """Raise ValueError if a file lacked weights, in whose place transformers has put random numbers.

    Parameters
    ----------
    found : dict
        What its ``from_pretrained`` gives with ``output_loading_info=True``.
    """
    lost = [*found.get("missing_keys", ()), *(key[0] for key in found.get("mismatched_keys", ()))]
    if lost:
        raise ValueError(f"{len(lost)} weights are missing or of another shape, {sorted(lost)[0]} for one")


def _complete(url: str, path: pathlib.Path, sha256: str, headers: Mapping[str, str]) -> None:
    part = _part(path)
    part.parent.mkdir(parents=True, exist_ok=True)
    if not sha256:  # what was left could be of another version, and nothing would tell
        part.unlink(missing_ok=True)
    while not _go_on(url, part, headers):
        pass
    try:
        _check_sum(part, path, sha256)
    except ValueError:
        part.unlink()  # it would spoil the next try
        raise
    os.replace(part, path)


def _part(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(path.name + ".part")


def _go_on(url: str, part: pathlib.Path, headers: Mapping[str, str]) -> bool:
    """Append what is missing to the part; True if it is whole, an error if nothing came."""
    start = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    for key, value in headers.items():
        request.add_unredirected_header(key, value)  # a token is for the hub, not for the server that it points to
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not start:
            raise
        if error.headers.get("Content-Range") == f"bytes */{start}":
            return True
        part.unlink()  # longer than the file: of another version
        return False
    with response:
        goes_on = response.status == http.client.PARTIAL_CONTENT
        if goes_on and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            raise ConnectionError(f"{url} answered with {response.headers.get('Content-Range')}, not from {start} on")
        before = start if goes_on else 0  # a server without ranges begins anew
        length = response.headers.get("Content-Length")
        total = before + int(length) if length else None
        cut = _copy(response, part, "ab" if goes_on else "wb", before, total)
    end = _size(part)
    if end <= start and (cut or end != total):
        raise ConnectionError(f"the connection was cut after {end} of {total} bytes")
    return not cut and total in (None, end)


def _copy(response, part: pathlib.Path, mode: str, before: int, total: int | None) -> bool:
    """Write the answer to the part; True if the connection broke."""
    from tqdm import tqdm

    name = part.name.removesuffix(".part")
    bar = tqdm(desc=name, initial=before, total=total, unit="B", unit_scale=True, file=sys.stderr)
    with open(part, mode) as file, bar:
        while True:
            try:
                block = response.read(BLOCK)
            except (OSError, http.client.HTTPException):
                return True
            if not block:
                return False
            file.write(block)
            bar.update(len(block))


def _size(path: pathlib.Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _check_room(path: pathlib.Path, needed: float) -> None:
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"{path.parent} cannot be made or written to; set SEE2SOUND_CACHE to a folder of your own")
    free = shutil.disk_usage(there).free
    if free < needed:
        raise OSError(
            f"{path.name} needs {needed / 1e6:.0f} MB at {path.parent}, where {free / 1e6:.0f} MB are free; "
            "free some space, or set SEE2SOUND_CACHE to a folder on another disk"
        )


def _check_sum(file: pathlib.Path, path: pathlib.Path, sha256: str) -> None:
    if not sha256:
        return
    found = hashlib.sha256()
    with open(file, "rb") as stream:
        while block := stream.read(BLOCK):
            found.update(block)
    if found.hexdigest() != sha256:
        remedy = "delete it and fetch it again" if file == path else "try again, or report the address"
        raise ValueError(f"{path} is not the published file: SHA-256 {found.hexdigest()}, not {sha256}; {remedy}")


def _failed(path: pathlib.Path, described: str, error: BaseException) -> OSError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return OSError(
            f"the disk of {path.parent} became full while {path.name} was downloaded; free some space, or set "
            "SEE2SOUND_CACHE to a folder on another disk, and try again"
        )
    reason = " ".join(str(error).split()) or type(error).__name__
    return FileNotFoundError(
        f"{path.name} is not here and could not be downloaded ({reason}); on a machine with a network fetch "
        f"{described}; the tiny models need no download"
    )
