"""The command `enrich`."""

import ast
import importlib
import importlib.util
from collections.abc import Mapping
from importlib.abc import InspectLoader

import click

from jobs.launch import command
from jobs.stages import STAGES

_GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "train": {
        "answers": ("jobs.train_answers", "command"),
        "attributes": ("jobs.train_attributes", "command"),
        "passages": ("jobs.train_passages", "command"),
    },
    "compare": {
        "answers": ("jobs.compare_answers", "compare"),
        "attributes": ("jobs.compare_attributes", "compare"),
        "passages": ("jobs.compare_passages", "compare"),
        "candidates": ("jobs.compare_candidates", "compare"),
    },
    "evaluate": {
        "answers": ("jobs.evaluate_answers", "evaluate"),
        "attributes": ("jobs.evaluate_attributes", "evaluate"),
        "passages": ("jobs.evaluate_passages", "evaluate"),
        "review_answers": ("jobs.evaluate_review_answers", "evaluate"),
        "question_passages": ("jobs.evaluate_question_passages", "evaluate"),
        "attribute_values": ("jobs.evaluate_attribute_values", "evaluate"),
    },
    "show": {"answers": ("jobs.show_answers", "show")},
}
_SINGLE: Mapping[str, tuple[str, str]] = {
    "nightly": ("jobs.nightly", "nightly"),
    "sample": ("jobs.write_sample", "sample"),
    "ask": ("jobs.ask", "ask"),
    "doctor": ("jobs.doctor", "doctor"),
}
_GROUP_HELP = {
    "train": "Train a model and write its folder.",
    "compare": "Measure many models, or rules, side by side.",
    "evaluate": "Measure a model, or a table, against labels.",
    "show": "Look into a model: what it sees in a text.",
}


class Lazy(click.Group):
    """Commands whose modules are imported when they are called."""

    def __init__(self, name: str, places: Mapping[str, tuple[str, str]], **more: str):
        super().__init__(name=name, help=more["help"])
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of declaration."""
        return [*self._places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        module, attribute = self._places[cmd_name]
        found: click.Command = getattr(importlib.import_module(module), attribute)
        return found

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them: torch alone takes seconds."""
        rows = [(name, self._line(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _line(self, name: str) -> str:
        if name in self.commands:
            return self.commands[name].help or ""
        return _docstring(self._module(name)).partition("\n")[0]

    def _module(self, name: str) -> str:
        return self._places[name][0]


class Enrich(Lazy):
    """All commands: the nightly run, the tools, and each stage by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Tools first, then the stages in the order of the run."""
        return [*super().list_commands(ctx), *(stage.name for stage in STAGES)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        for stage in STAGES:
            if stage.name == cmd_name:
                return command(stage.run(), stage.settings, stage.table)
        return super().get_command(ctx, cmd_name)

    def _module(self, name: str) -> str:
        return super()._module(name) if name in self._places else f"jobs.{name}"


def _docstring(module: str) -> str:
    """What a module says of itself, read and not run."""
    spec = importlib.util.find_spec(module)
    loader = None if spec is None else spec.loader
    source = loader.get_source(module) if isinstance(loader, InspectLoader) else None
    return ast.get_docstring(ast.parse(source or "")) or ""


def _enrich() -> click.Group:
    group = Enrich(
        "enrich",
        _SINGLE,
        help="Keep a shop's enriched product tables true.\n\n"
        "Start with `enrich doctor`, then `enrich nightly --help`.",
    )
    for name, places in _GROUPS.items():
        group.add_command(Lazy(name, places, help=_GROUP_HELP[name]))
    return group


def main() -> None:
    """Entry point of the console script."""
    _enrich()(prog_name="enrich")


if __name__ == "__main__":
    main()
