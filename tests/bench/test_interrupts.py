"""An interrupt comes at once, or, where something is being started, as soon as that is known."""

import os
import signal

import pytest

from harness import interrupts, server


@pytest.fixture(autouse=True)
def listening():
    usual = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for each in usual:
        signal.signal(each, signal.SIG_DFL)
    interrupts.listen()
    yield
    for each, handler in usual.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts(which):
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), which)


def test_what_nohup_ignores_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interrupts.listen()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_an_interrupt_waits_for_what_is_being_started():
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]
    with interrupts.held():
        done.append("and no second one")


def test_a_server_whose_start_is_interrupted_is_stopped(monkeypatch):
    started = server.Server("sleeper", ["sleep", "60"], None, ready="never")
    monkeypatch.setattr(started, "_await", lambda deadline: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        started.start()
    assert started.process.returncode is not None
    assert started not in server.RUNNING


def test_a_server_that_ends_or_stays_silent_did_not_start():
    with pytest.raises(RuntimeError, match="some last words"):
        server.Server("short", ["sh", "-c", "echo some last words; exit 3"], None, ready="never").start()
    silent = server.Server("silent", ["sleep", "60"], None, ready="never")
    with pytest.raises(RuntimeError, match="silent did not start"):
        silent.start(timeout=0.2)
    assert silent.process.returncode is not None and not server.RUNNING
