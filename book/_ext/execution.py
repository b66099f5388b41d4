"""Running a chapter in a fresh kernel, with one line to say what went wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import nbclient
from chapters import RAISES, code_cells, read, tags
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

CELL_TIMEOUT = 600  # seconds
# One thread a kernel: two kernels with two threads each crawl on two cores. Progress bars would
# make every run's output differ.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "PYTHONHASHSEED": "0",
    "LINEBYLINE_SEED": "0",
}


class ChapterError(Exception):
    """A chapter could not be executed; the message is one line: chapter, cell, what happened."""


def execute(
    chapter: Path,
    *,
    on_cell: Callable[[], object] = lambda: None,
    environment: dict[str, str] | None = None,
    allow_errors: bool = False,
    timeout: int = CELL_TIMEOUT,
) -> NotebookNode:
    """Run a chapter in a fresh kernel.

    Raises:
        ChapterError: a cell raised or should have raised, ran out of time, or the kernel died.
    """
    notebook, place = read(chapter), chapter.name
    code = code_cells(notebook)
    done = 0

    def count(**_: object) -> None:
        nonlocal done
        done += 1
        on_cell()

    client = nbclient.NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,
        coalesce_streams=True,
        allow_errors=allow_errors,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # not a word about its own transport
        resources={"metadata": {"path": str(chapter.parent)}},
        on_cell_executed=count,
    )
    try:
        # Not client.execute(): in a thread it would leave its event loop open.
        run = client.async_execute(env={**os.environ, **ENVIRONMENT, **(environment or {})})
        asyncio.run(run)
    except CellExecutionError as error:
        raise ChapterError(
            f"{place}, cell {_number(code)}: {error.ename}: {' '.join(error.evalue.split())}"
        ) from None
    except CellTimeoutError:
        raise ChapterError(
            f"{place}, cell {_number(code)}: ran for more than {timeout} s"
        ) from None
    except (DeadKernelError, NoSuchKernel) as error:
        raise ChapterError(f"{place}, cell {done + 1}: the kernel died ({error})") from None
    for number, cell in enumerate(code, 1):
        raised = any(output.output_type == "error" for output in cell.outputs)
        if RAISES in tags(cell) and not raised and not allow_errors:
            raise ChapterError(f"{place}, cell {number}: is tagged {RAISES} and raised nothing")
    return notebook


def _number(code: list[NotebookNode]) -> int:
    """Which code cell, counted from 1, was the last that began."""
    return max((i for i, cell in enumerate(code, 1) if cell.execution_count), default=1)
