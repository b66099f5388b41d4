"""Checksummed downloads from one of several mirrors into a cache folder.

The environment variable ``LINEBYLINE_DATA`` names the folder; without it, it is where the operating
system keeps caches (``~/.cache/linebyline`` on Linux).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import requests
from requests.exceptions import ChunkedEncodingError

FOLDER_VARIABLE = "LINEBYLINE_DATA"
CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", re.IGNORECASE)


class DownloadError(OSError):
    """A file is neither in the cache folder nor to be had; the message says what can be done."""


def cache_folder() -> Path:
    """The folder where downloads are kept; it need not exist yet."""
    import pooch  # here, because it brings tqdm's notebook bar and that bar's warning

    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else pooch.os_cache("linebyline")


def fetch(name: str, *, urls: Sequence[str], checksum: str, folder: Path | None = None) -> Path:
    """Give the path of a file, downloaded from the first mirror that serves it whole and right.

    The work is pooch's: it downloads beside the target under another name, compares the checksum,
    and only then renames, in one step; whatever fails is deleted. So a wrong file never stands
    under the right name, a broken download starts afresh, and processes that fetch at once do each
    other no harm. What pooch lacks is added here: mirrors, and errors that tell what to do.

    Args:
        name: of the file in the folder, such as ``"mnist/t10k-labels-idx1-ubyte.gz"``.
        urls: its addresses (http or https), tried in turn.
        checksum: ``"md5:..."`` or ``"sha256:..."``. A file already there that matches is used as it
            is, without a network; one that does not match is replaced.
        folder: where to keep it; by default :func:`cache_folder`.

    Raises:
        DownloadError: no mirror served the file, or the folder cannot be read or written to.
        ValueError: ``name`` leads out of the folder, ``urls`` is empty, or ``checksum`` is not of
            the form above.
    """
    import pooch

    if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise ValueError(f"name is {name!r}; it must name a file inside the folder")
    if isinstance(urls, str) or not urls:
        raise ValueError(f"urls is {urls!r}; it must be a sequence of one or more addresses")
    if not CHECKSUM.fullmatch(checksum):
        raise ValueError(
            f"checksum is {checksum!r}; it must be 'md5:' with 32 or 'sha256:' with 64 hex digits"
        )
    path = (folder or cache_folder()).expanduser().absolute() / name
    failures = []
    for url in urls:
        downloader = pooch.HTTPDownloader(progressbar=True, chunk_size=2**16)
        try:
            pooch.retrieve(url, checksum, path.name, path.parent, _share, downloader)
        except (requests.RequestException, ValueError) as error:
            failures.append(f"  {url}: {_reason(error)}")
        except OSError as error:  # the disk's fault, not the network's: no mirror would help
            raise DownloadError(
                f"cannot keep {path.name} in {path.parent}: {error}. Set the environment variable "
                f"{FOLDER_VARIABLE} to a folder that you may read and write."
            ) from error
        else:
            return path
    remedy = f"Try again later, or place the file by hand at {path} (its checksum is {checksum})."
    if path.exists():
        remedy += " The file that is there now has another checksum."
    tried = "\n".join(failures)
    raise DownloadError(f"could not download {path.name}; tried\n{tried}\n{remedy}")


def _share(path: str, action: str, _pooch: object) -> str:
    """Let all read a new file: a class may share the folder, and pooch leaves it to its owner."""
    if action != "fetch":
        Path(path).chmod(0o644)
    return path


def _reason(error: requests.RequestException | ValueError) -> str:
    """Why a mirror failed."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, ChunkedEncodingError):
        return f"the connection broke off before the end of the file ({error})"
    if isinstance(error, requests.ConnectionError):
        return f"no connection ({error})"
    return str(error).split(". ")[0]  # pooch's first sentence has the checksums: expected, found
