"""``synthgrad`` and ``python -m synthgrad``; a signal ends them with 128 and its number from the first moment on."""

import os


def main() -> None:
    """Run a command. While it is imported, a signal ends the process at once: there is nothing to clean up yet."""
    try:
        import signal

        for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")):
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, frame: os._exit(128 + number))
        from synthgrad.cli import main as command
        from synthgrad.cli.signals import ignore_signals
    except KeyboardInterrupt:
        os._exit(130)
    try:
        command()
    finally:
        ignore_signals()  # the command has ended; a signal while Python exits would print a traceback


if __name__ == "__main__":
    main()
