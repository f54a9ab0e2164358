"""A reader runs in a child process with limits, so that a hostile or broken file costs one line and not the ingest.

The child is spawned, never forked (forked children hang in OpenMP libraries), reads one file after another, and sends
back bytes (JSON), not objects. It is replaced after a crash, a stall or an exhausted memory limit.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from index.errors import BudgetError, ParseError

Progress = Callable[[str, int, int], None]  # stage in Chinese, done, total
Job = tuple[str, str, tuple[Any, ...]]  # module, function, arguments; the function also takes progress and returns bytes


class Sandbox:
    """One child process; use as a context manager. Not for several threads at once."""

    def __init__(self, memory_mb: int, stall_seconds: float, total_seconds: float) -> None:
        self._memory_mb, self._stall, self._total = memory_mb, stall_seconds, total_seconds
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def start(self) -> None:
        """Start the child now, so that its imports run beside other work."""
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._memory_mb), daemon=True, name="reader")
        with _no_main_module():
            self._process.start()
        theirs.close()

    def run(self, module: str, function: str, *arguments: Any, progress: Progress | None = None) -> bytes:
        """``module.function(*arguments, progress)`` in the child. Raises ParseError with one line where it fails."""
        self.start()
        assert self._pipe is not None
        try:
            self._pipe.send((module, function, arguments))
            kind, content = self._answer(self._pipe, progress)
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self._stop()
            raise ParseError("解析进程意外退出（文件可能已损坏，或过大）") from error
        except BaseException:
            self._stop()
            raise
        if kind == "done":
            return bytes(content)
        if kind == "fatal":
            self._stop()
        raise ParseError(content)

    def _answer(self, pipe: Connection, progress: Progress | None) -> tuple[str, Any]:
        """The child's last word on a job: done, error, or fatal where the child is no longer to be used."""
        end = time.monotonic() + self._total
        while True:
            if not pipe.poll(self._stall):
                return "fatal", f"解析停住超过 {self._stall:g} 秒，已中止"
            kind, content = pipe.recv()
            if kind != "progress":
                return kind, content
            if progress:
                progress(*content)
            if time.monotonic() > end:
                return "fatal", f"解析超过 {self._total:g} 秒，已中止"

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None


@contextlib.contextmanager
def _no_main_module() -> Any:
    """Spawn re-imports the parent's ``__main__`` by default; a reader needs none of it (nor a Gradio page's side effects)."""
    main = sys.modules["__main__"]
    saved = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    try:
        main.__spec__ = None
        if "__file__" in saved:
            del main.__file__
        yield
    finally:
        for name, value in saved.items():
            setattr(main, name, value)


def _serve(pipe: Connection, memory_mb: int) -> None:
    _limit(memory_mb)
    while True:
        try:
            module, function, arguments = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            pipe.send(("done", _call(pipe, (module, function, arguments))))
        except BudgetError as error:
            pipe.send(("error", _one_line(error)))
        except MemoryError:
            pipe.send(("fatal", f"解析所需内存超过上限 {memory_mb} MB"))
        except RecursionError:
            pipe.send(("error", "文件结构嵌套过深，无法解析"))
        except Exception as error:
            pipe.send(("error", f"解析出错（{type(error).__name__}：{_one_line(error)[:200]}）"))


def _call(pipe: Connection, job: Job) -> bytes:
    module, function, arguments = job
    last = 0.0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.05 or done == total:
            last = now
            pipe.send(("progress", (stage, done, total)))

    result: bytes = getattr(importlib.import_module(module), function)(*arguments, progress)
    return result


def _limit(memory_mb: int) -> None:
    """Memory limit where the system has one; no core dump; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        size = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with contextlib.suppress(OSError):  # parsing libraries chat on stderr; people see one line per file
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
