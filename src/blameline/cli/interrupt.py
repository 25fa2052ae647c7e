"""Ctrl-C: stops the statement that runs, and remembers that it was pressed, whatever becomes of it on its way up.

Python runs a signal's handler only between its own steps, and a statement may take minutes: so a thread is woken by the
signal itself, and stops the statement from there.
"""

from __future__ import annotations

import signal
import socket
from _thread import interrupt_main
from contextlib import suppress
from threading import Event, Thread, current_thread, main_thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_AT_ONCE = 0.2
"""Seconds in which Python hears of a signal where it is not inside a statement."""
_TIME_TO_END = 2.0
"""Seconds in which a stopped statement is taken back and the case file closed."""


class Interruptions:
    """Use it as a context manager around a verb; ``happened`` tells afterwards."""

    def __init__(self) -> None:
        self.happened = False
        self.stop: Callable[[], None] | None = None
        """What stops the statement that runs; set while a case file is open."""
        self._heard, self._stopped, self._ended = Event(), Event(), Event()
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> Self:
        """Listen, unless somebody else does."""
        if current_thread() is main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._ends = socket.socketpair()
            self._ends[1].setblocking(False)
            signal.signal(signal.SIGINT, self._note)
            signal.set_wakeup_fd(self._ends[1].fileno(), warn_on_full_buffer=False)
            Thread(target=self._wait, args=(self._ends[0],), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        self._ended.set()
        if self._ends is not None:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for end in reversed(self._ends):
                end.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.happened = True
        if self._stopped.is_set():  # what was stopped is told by an exception of its own; one on top would only hide it
            self._stopped.clear()
            return
        self._heard.set()
        raise KeyboardInterrupt

    def _wait(self, end: socket.socket) -> None:
        with suppress(OSError):  # closed: the verb has ended
            while told := end.recv(1):
                if told[0] == signal.SIGINT:
                    self.happened = True
                    self._end_it()

    def _end_it(self) -> None:
        """Stop the statement where Python does not come to hear of the signal; and say it again where it was none."""
        if self._heard.wait(_AT_ONCE):
            return
        self._stopped.set()
        if self.stop:
            self.stop()
        else:
            self._stopped.clear()
        if not self._ended.wait(_TIME_TO_END):
            interrupt_main()
