"""The list of commands, which says what each is for and imports none of them."""

import subprocess
import sys

import click
import pytest

from jobs.cli import _enrich
from jobs.stages import NAMES

GROUPS = ("train", "compare", "evaluate", "show")


def listed(*path):
    group = _enrich()
    context = click.Context(group)
    for name in path:
        group = group.get_command(context, name)
    return group, click.Context(group, terminal_width=200)


@pytest.mark.parametrize("path", [(), *((one,) for one in GROUPS)])
def test_each_command_is_listed_with_the_first_line_of_its_module(path):
    group, context = listed(*path)
    lines = group.get_help(context).partition("Commands:\n")[2].splitlines()
    told = dict(line.split(maxsplit=1) for line in lines)
    assert list(told) == group.list_commands(context)
    for name, text in told.items():
        command = group.get_command(context, name)
        if name in GROUPS:
            assert text == command.help
        else:
            stage = f"jobs.{name}" if name in NAMES else command.callback.__module__
            assert text == sys.modules[stage].__doc__.partition("\n")[0]


def test_a_list_imports_none_of_its_commands():
    listing = (
        "import click, sys; from jobs.cli import _enrich; group = _enrich();"
        " context = click.Context(group);"
        f" [group.get_command(context, one).get_help(context) for one in {GROUPS}];"
        " group.get_help(context); heavy = {'torch', 'jobs.nightly',"
        " 'jobs.train_answers', 'jobs.compare_answers', 'jobs.show_answers'};"
        " print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
