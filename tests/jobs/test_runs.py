"""Which process does which run of a comparison."""

import pytest

from jobs.runs import Task, _Todo


def tasks(*names):
    """Of (method, set) in two letters; the seed is always 1."""
    return [Task("methods", name[1], name[0], 1) for name in names]


def names_of(todo, process, n):
    found = [todo.next_of(process) for _ in range(n)]
    return [one and one.method + one.set_name for one in found]


def test_a_process_keeps_to_a_method_until_all_its_runs_are_done():
    todo = _Todo(tasks("a1", "a2", "b1", "b2", "c1"))
    assert names_of(todo, "first", 1) == ["a1"]
    assert names_of(todo, "second", 2) == ["b1", "b2"]
    assert names_of(todo, "first", 2) == ["a2", "c1"]
    assert names_of(todo, "second", 1) == [None]


def test_runs_of_one_method_that_stand_apart_belong_together():
    todo = _Todo([*tasks("a1", "b1"), Task("mu", "1", "a", 1, {"mu": 0})])
    assert names_of(todo, "first", 2) == ["a1", "a1"]


def test_another_seed_is_another_group():
    todo = _Todo([Task("methods", "1", "a", seed) for seed in (1, 2, 1)])
    assert [todo.next_of("first").seed, todo.next_of("second").seed] == [1, 2]
    assert todo.next_of("first").seed == 1


@pytest.mark.parametrize("n", [2, 3])
def test_who_has_nothing_left_takes_the_last_of_the_longest_group(n):
    names = [f"a{place}" for place in range(n)]
    todo = _Todo(tasks(*names, "b1"))
    assert names_of(todo, "first", 1) == ["a0"]
    assert names_of(todo, "second", 2) == ["b1", f"a{n - 1}"]
    assert names_of(todo, "first", n) == [*names[1:-1], None, None]
