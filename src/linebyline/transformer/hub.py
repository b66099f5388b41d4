"""Published models from the hub of Hugging Face: files of one revision, each with its checksum."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from linebyline.data.download import cache_folder, fetch

HUB = "https://huggingface.co"


class Published(NamedTuple):
    """A model's files as they were at one revision, which never change."""

    repository: str
    revision: str
    checksums: Mapping[str, str]
    """The SHA-256 of each file, in hexadecimal digits."""


GPT2 = Published(
    "openai-community/gpt2",
    "607a30d783dfa663caf39e06633721c8d4cfcd7e",
    MappingProxyType(
        {
            "config.json": "0daed7749b4f02b8f76240d5444551d7b08712dab4d0adb8239c56ba823bb7b4",
            "vocab.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
            "merges.txt": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
            "model.safetensors": "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
        }
    ),
)
"""The smallest GPT-2, 548 MB: Radford et al. 2019, under the MIT license.

:meta hide-value:
"""

BERT_BASE = Published(
    "google-bert/bert-base-uncased",
    "86b5e0934494bd15c9632b12f734a8a67f723594",
    MappingProxyType(
        {
            "config.json": "7160e1553ad2ca51d8c1cb066be533db31826e12d173824c1bb0cb1a4f187d20",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            "model.safetensors": "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
        }
    ),
)
"""BERT-base of lower-case letters, 440 MB: Devlin et al. 2019, under the Apache license 2.0.

:meta hide-value:
"""


def download(published: Published, *, folder: Path | None = None, hub: str = HUB) -> Path:
    """The folder with a model's files, downloaded if they are not there or not right.

    Each file is kept by `linebyline.data.download.fetch`: a wrong or broken one never stands under
    its name, and one that is there is not downloaded again. The revision, a commit of the hub's
    repository, is a part of the address and of the folder; a later commit changes nothing here.

    Args:
        published: which, such as `GPT2`.
        folder: where to keep all models; by default `linebyline.data.download.cache_folder`.
        hub: the address of the hub, or of a mirror with the same paths.

    Returns:
        The folder that `from_pretrained` reads.

    Raises:
        linebyline.data.download.DownloadError: a file is neither there nor to be had.
    """
    where = (folder or cache_folder()).expanduser().absolute() / published.repository
    where = where / published.revision
    for name, digest in published.checksums.items():  # the largest last
        url = f"{hub}/{published.repository}/resolve/{published.revision}/{name}"
        fetch(name, urls=[url], checksum=f"sha256:{digest}", folder=where)
    return where
