"""Processes and run folders: one trains in a folder at a time, and a signal ends it so that nothing is lost."""

import contextlib
import os
import signal
import threading

from data_prep.errors import BadInput


@contextlib.contextmanager
def claimed(run):
    """Makes the run folder and keeps a second process out of it; a claim whose process died is taken over."""
    if run.exists() and not (run.is_dir() and ((run / "run.json").exists() or not any(run.iterdir()))):
        raise BadInput(f"{run}: exists and is no run folder; name another one")
    run.mkdir(parents=True, exist_ok=True)
    claim = run / "claim.pid"
    if claim.exists() and _alive(claim.read_text()):
        raise BadInput(f"{run}: process {claim.read_text()} is training there; wait for it or name another run")
    claim.write_text(str(os.getpid()))
    try:
        yield
    finally:
        claim.unlink(missing_ok=True)
        if not any(run.iterdir()):
            run.rmdir()  # refused before anything was written: leave nothing behind


def _alive(pid):
    if not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def stopped_by_signals(trainer):
    """Lets Ctrl-C and SIGTERM end training after the running step, so that it is saved."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        print(f"\n{signal.Signals(number).name}: saving after this step; the same command continues", flush=True)
        trainer.stop_training = trainer.interrupted = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
