"""Where a Chromium is; run as a program, this sees to it that there is one. `make test` and `make browser` do."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Without fonts there is no text: Liberation has the widths of Arial, which most users' browsers show, DejaVu signs.
PACKAGES = ("chromium", "fonts-liberation", "fonts-dejavu-core")
REMEDY = (
    f"The browser tests need Chromium or Chrome: install it (Debian: apt-get install {' '.join(PACKAGES)}) "
    "or set SEE2SOUND_BROWSER to its path; `make test-fast` leaves these tests out."
)


def _starts(*command: str) -> bool:
    """Whether the command succeeds: a placeholder, or a program that lacks a library, is there but does not."""
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _bundled() -> str:
    """Where playwright keeps the Chromium that it downloads, whether or not it is there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def find() -> str:
    """The path of a Chromium that starts: $SEE2SOUND_BROWSER, the system's, or the one that playwright downloaded.

    Raises
    ------
    FileNotFoundError
        There is none, or $SEE2SOUND_BROWSER is none.
    """
    if named := os.environ.get("SEE2SOUND_BROWSER"):
        if not _starts(named, "--version"):
            raise FileNotFoundError(f"SEE2SOUND_BROWSER is {named!r}, which does not start. {REMEDY}")
        return named
    for path in filter(None, map(shutil.which, NAMES)):
        if _starts(path, "--version"):
            return path
    if _starts(path := _bundled(), "--version"):
        return path
    raise FileNotFoundError(REMEDY)


def _run(*command: str) -> None:
    """Run a command that installs something; what it says is of interest only when it fails."""
    print("+", *command, flush=True)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        print(done.stdout)


def _install_from_apt() -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not _starts(*sudo, "true")):
        return
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    _run(*apt, "update")  # a list that cannot be renewed may still do
    _run(*apt, "install", "-y", "--no-install-recommends", *PACKAGES)


def _install_from_playwright() -> None:
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def main() -> str | None:
    """Install a Chromium if none is found; what to say at the end if there still is none."""
    for install in (_install_from_apt, _install_from_playwright):
        with contextlib.suppress(FileNotFoundError):
            print("browser:", find())
            return None
        if "SEE2SOUND_BROWSER" not in os.environ:
            install()
    try:
        print("browser:", find())
    except FileNotFoundError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
