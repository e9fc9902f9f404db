"""The licences of all that the package needs, against a list of those that allow it: `python -m hostile.licences`.

Of each distribution that the package and its extras bring along, as installed here; and of each model in the table.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys

#: What allows use, change and passing on, also commercially; LGPL and MPL of a library that is only used.
ALLOWED = (
    "apache", "mit", "bsd", "isc", "psf", "python software foundation", "mpl", "mozilla public", "zlib", "cc0",
    "unlicense", "0bsd", "hpnd", "lgpl", "lesser general public", "public domain", "ofl", "bsl-1.0", "boost",
)  # fmt: skip
#: Read by hand, because their metadata say nothing or too much: the licence, and where it says so.
READ = {
    "codespell": "GPL-2.0; a tool of the tests",
    "dtw-python": "GPL-2.0-or-later; a test compares with it",
    "pyroomacoustics": "MIT, in its LICENSE; the field says whose it is",
    "python-osc": "Unlicense, in its field; the classifier says that it is freely distributable",
    "see2sound": "CC-BY 4.0; the authors' code, a test compares with it",
    "segment-anything": "Apache-2.0, in its repository's LICENSE",
}


def distributions(extras: bool = True) -> dict[str, importlib.metadata.Distribution]:
    """What the package brings along, by name, as far as it is installed."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = ["see2sound_nb"]
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            found[key] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for requirement in found[key].requires or []:
            optional = "extra ==" in requirement
            if not optional or (extras and key == "see2sound-nb"):
                waiting.append(re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0])
    return found


def licence_of(distribution: importlib.metadata.Distribution) -> str:
    """In its own words: the expression, else the classifiers, else the first line of the field."""
    metadata = distribution.metadata
    classified = [c.split(" :: ")[-1] for c in metadata.get_all("Classifier") or [] if c.startswith("License")]
    field = (metadata.get("License") or "").strip().splitlines()
    return metadata.get("License-Expression") or "; ".join(classified) or (field[0] if field else "")


def refused() -> dict[str, str]:
    """Name and licence of what is on neither list."""
    return {
        name: licence_of(distribution) or "(says nothing)"
        for name, distribution in distributions().items()
        if name not in READ and not any(word in licence_of(distribution).lower() for word in ALLOWED)
    }


def main() -> int:
    for name, distribution in sorted(distributions().items()):
        print(f"{name} {distribution.version}: {READ.get(name) or licence_of(distribution)}")
    from see2sound_nb.models.table import list_models

    for model in list_models():
        print(f"model {model['name']}: {model['licence']}" + ("" if model["commercial"] else " (no commercial use)"))
    for name, licence in refused().items():
        print(f"NOT ALLOWED: {name}: {licence}")
    return 1 if refused() else 0


if __name__ == "__main__":
    sys.exit(main())
