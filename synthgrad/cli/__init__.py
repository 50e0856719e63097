"""The command line: parse, call one function, show.

Nothing heavy is imported here: ``synthgrad --help`` must not wait for NumPy. Errors become text and an exit
code in ``main`` and nowhere else.
"""

from __future__ import annotations

import os
import re
import sys

import click
from click.shell_completion import add_completion_class

from synthgrad import __version__
from synthgrad.cli.completion import Bash
from synthgrad.cli.lazy_commands import LazyGroup
from synthgrad.cli.signals import answer_signals, ignore_signals
from synthgrad.errors import SynthgradError, shortage
from synthgrad.processes import one_blas_thread

EPILOG = """\b
First steps:
  synthgrad train configs/addition/dni-both.yaml
  synthgrad sweep configs/addition/*.yaml -s seed=0..9
  synthgrad compare
  synthgrad runs show latest
  synthgrad config list
Exit codes: 0 done, 1 failed while running, 2 bad usage or config, 3 the run
diverged, 4 a claim does not hold, 5 a claim is undecided, 128 + N after
signal N: 129 SIGHUP, 130 SIGINT, 143 SIGTERM.
Completion in Bash (for others: zsh_source, fish_source):
  eval "$(_SYNTHGRAD_COMPLETE=bash_source synthgrad)"
"""


@click.group(
    cls=LazyGroup,
    package=__name__,
    about={
        "train": "Train the network of a config into a new run directory.",
        "sweep": "Train every combination of settings, skipping existing runs.",
        "compare": "Compare runs: groups, paired differences, verdicts, figures.",
        "runs": "List, show, diff, repeat, share and delete recorded runs.",
        "config": "Check, show and describe configs.",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="synthgrad")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def group(context: click.Context, debug: bool) -> None:
    """Train and compare networks with synthetic gradients: one YAML file, one command, one run directory."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


add_completion_class(Bash)


def main() -> None:
    """Run a command; turn what goes wrong into one message and an exit code."""
    one_blas_thread()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # searching for them takes a tenth of the start-up
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        answer_signals()
        _open_closed()
        code = group.main(arguments, prog_name="synthgrad", standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        code = _usage(error)
    except SynthgradError as error:
        if debug:
            raise
        click.echo(str(error), err=True)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        ignore_signals()
        code = 130
    except Exception as error:
        if debug:
            raise
        click.echo(f"synthgrad: {_in_words(error)}", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _in_words(error: Exception) -> str:
    """The message of an error that is not our own: the machine lacks something, stdout fails, or it is a bug."""
    if message := shortage(error):
        return message
    if isinstance(error, OSError):  # errors with files have messages of their own
        return f"the output cannot be written: {(error.strerror or str(error)).lower()}"
    return f"{type(error).__name__}: {error} (a bug; --debug shows where)"


def _open_closed() -> None:
    """Open the null device as stdin, stdout or stderr if that is closed (``2>&-``), here and in every child."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if vars(sys)[name] is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode))


def _usage(error: click.ClickException) -> int:
    """Print what is wrong with a command line; a group without a command shows its help."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(context.get_help() if context else error.format_message())
        return 0
    place = context.command_path if context else "synthgrad"
    message = as_ours(error.format_message())
    if not message.endswith(")"):
        message += f" (see {place} --help)"
    click.echo(f"{place}: {message}", err=True)
    return error.exit_code


def as_ours(message: str) -> str:
    """Click's message as ours are: no capitals or full stops, what would be right in parentheses."""
    message = " ".join(message.split())
    found = re.search(r"\.?\s\(?((?:Did you mean|Possible options|Choose from).*?)\)?$", message)
    parts = [message[: found.start()], found[1]] if found else [message.rstrip(".")]
    what, *hint = [part[:1].lower() + part[1:] for part in parts]
    return f"{what} ({hint[0]})" if hint else what
