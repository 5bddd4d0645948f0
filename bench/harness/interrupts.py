"""Ctrl-C and SIGTERM end a session with everything that it started; not in the middle of starting something."""

import contextlib
import signal

_state = {"held": 0, "pending": False}


def listen():
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup is to be believed
            signal.signal(each, _on_signal)


def _on_signal(*_):
    if not _state["held"]:
        raise KeyboardInterrupt
    _state["pending"] = True


@contextlib.contextmanager
def held():
    """An interrupt within is raised at the end."""
    _state["held"] += 1
    try:
        yield
    finally:
        _state["held"] -= 1
        if _state["pending"] and not _state["held"]:
            _state["pending"] = False
            raise KeyboardInterrupt
