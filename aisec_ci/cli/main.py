"""The command group, its lazily loaded commands, and how errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from aisec_ci import __version__
from aisec_ci.errors import AisecError, nearest
from aisec_ci.report.clean import visible as terminal

_COMMANDS = {
    "scan": "Find flaws, write reports and the BOM, decide whether the build passes.",
    "bom": "Write, check, compare and upload the ML-BOM.",
    "rules": "List the rules.",
    "explain": "Say what a rule finds, why it matters and what to do.",
    "fix": "Show or make the changes that mend findings.",
    "pin": "Lock models and datasets to commits, and check the lock.",
    "baseline": "Record the findings of today, so that only new ones fail the build.",
    "policy": "Show the policy and the configuration keys.",
    "init": "Write a first configuration.",
}
"""Name and short help of each command; the module `aisec_ci.cli.<name>` offers it as `command`."""


class _Commands(click.Group):
    """Loads a command's module only when it is called: `--help` and hooks stay fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"aisec_ci.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], _COMMANDS)
            hint = (
                f"to scan `{args[0]}`, write `aisec-ci scan {args[0]}`"
                if os.path.exists(args[0])
                else "see `aisec-ci --help`"
            )
            raise AisecError(f"there is no command `{args[0]}`", near or hint)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aisec-ci", message="%(prog)s %(version)s")
def cli() -> None:
    """Run static security checks for repositories that build on AI.

    Finds hardcoded model keys, untrusted text in prompts, unsafe use of model output, over-broad agent grants and
    unsafe model files; writes a CycloneDX ML-BOM; fails the build when the policy says so.

    Exit codes: 0 passed, 1 policy failed, 2 wrong use or configuration, 3 scan incomplete.
    """


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code. Expected failures are printed as `error:` and `help:`."""
    try:
        result = cli.main(args=arguments, prog_name="aisec-ci", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except AisecError as error:
        _say(error.message, error.help, error.details)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.NoSuchOption as error:
        known = [o for p in error.ctx.command.params for o in p.opts] if error.ctx else []
        near = nearest(error.option_name, known)
        _say(
            f"there is no option `{error.option_name}`",
            near or (f"see `{error.ctx.command_path} --help`" if error.ctx else ""),
        )
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        word = next(iter(sys.argv[1:] if arguments is None else arguments), "")
        called = context.command_path if context else f"aisec-ci {word}" if word in _COMMANDS else "aisec-ci"
        _say(error.format_message().rstrip("."), f"see `{called} --help`")
        return 2
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted", "")
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`). What was written is all that was wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except MemoryError:
        _say("out of memory", "scan fewer files at once: `--shard 1/4`, or name folders")
        return 3
    except Exception as error:  # a traceback would show values of what was scanned
        if os.environ.get("AISEC_DEBUG"):
            raise
        _say(
            f"internal error: {type(error).__name__} in {_place(error)}; the scan is not complete",
            "this is a fault of aisec-ci: please report it with this line (AISEC_DEBUG=1 shows the traceback)",
        )
        return 3


def _place(error: BaseException) -> str:
    """Return module and line of our own code where an error came up: no values, which may be secrets."""
    place, trace = "aisec_ci", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("aisec_ci"):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _say(message: str, help: str, details: Sequence[str] = ()) -> None:  # noqa: A002
    sys.stderr.write(f"error: {terminal(message)}\n")
    sys.stderr.writelines(f"  {terminal(line)}\n" for line in details)
    if help:
        sys.stderr.write(f"help: {terminal(help)}\n")
