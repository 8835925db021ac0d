"""Rules of the tree that no type checker sees."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import jobs
import models
import pipelines
import udfs
from jobs.stages import NAMES, STAGES, in_order
from pipelines import tables

ROOT = Path(__file__).resolve().parent.parent
PLANS = sorted((ROOT / "pipelines").glob("*.py"))
NO_ACTIONS = {"collect", "count_rows", "cache", "persist", "toPandas", "show", "write"}
BY_NAME = {table.name: table for table in tables.TABLES}


@pytest.mark.parametrize("package", [jobs, pipelines, udfs, models])
def test_the_packages_are_this_projects(package):
    assert Path(package.__file__).resolve().parent.parent == ROOT


@pytest.mark.parametrize("package", [jobs, pipelines, udfs, models])
def test_every_module_imports(package):
    names = [
        module.name
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    assert names
    for name in names:
        assert importlib.import_module(name).__doc__, f"{name} says nothing of itself"


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_plan_holds_no_action(path):
    called = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert not called & NO_ACTIONS


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_join_names_its_kind_or_its_columns(path):
    for node in ast.walk(ast.parse(path.read_text())):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if not is_call or node.func.attr != "join" or len(node.args) != 1:
            continue
        if not isinstance(node.func.value, ast.Constant):  # not ", ".join(...)
            assert {"on"} <= {keyword.arg for keyword in node.keywords}, ast.unparse(
                node
            )


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_jobs_docstring_names_the_tables_it_reads_and_writes(stage):
    module = importlib.import_module(f"jobs.{stage.name}")
    lines = (module.__doc__ or "").splitlines()
    written = [line for line in lines if line.startswith("Writes")]
    assert len(written) == 1
    assert written[0].split()[1] == stage.table.name
    tree = ast.parse(Path(module.__file__).read_text())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    said = (module.__doc__ or "").partition("Reads")[2].partition("Writes")[0]
    for name, table in BY_NAME.items():
        if name in said.replace(",", " ").split():
            assert name.upper() in used, f"{stage.name} says it reads {name}"
        elif name.upper() in used and table is not stage.table:
            assert name in said.replace(",", " ").split(), f"{stage.name} reads {name}"


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)
def test_every_table_and_column_has_a_comment_and_a_key(table):
    assert table.comment
    for column in table.schema:
        assert column.metadata["comment"], f"{table.name}.{column.name}"
    assert set(table.key) <= set(table.columns)
    assert all(not table.schema[name].nullable for name in table.key)
    assert set(table.cluster_by) <= set(table.columns)
    assert set(table.stamps) <= set(table.columns) - set(table.key)


def test_one_job_writes_one_table():
    written = [stage.table.name for stage in STAGES]
    assert len(set(written)) == len(written)
    assert set(written) == set(BY_NAME) - {"run_ledger", "quarantine"}


def test_passages_come_before_the_pairs_that_are_made_of_them():
    names = [stage.name for stage in in_order("passages")]
    assert sorted(names) == sorted(NAMES)
    place = names.index("pair_reviews")
    assert names[place - 2 : place] == ["encode_passages", "retrieve_passages"]
    others = [name for name in NAMES if "passages" not in name]
    assert [name for name in names if "passages" not in name] == others
    assert in_order("bm25") == STAGES
