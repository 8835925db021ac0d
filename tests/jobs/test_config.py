"""Settings: merging, and one clear line for each mistake."""

import datetime as dt

import pytest

from jobs import config
from jobs.config import BuildWordCounts, RankAnswers, SettingsError, SplitSentences
from jobs.stages import STAGES

FOLDERS = ("lake=/l", "models=/m", "landing=/z")


def rank(*overrides):
    return config.settings_of(RankAnswers, config.read([], [*FOLDERS, *overrides]))


def test_later_files_win_and_set_wins_over_files(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("rank_answers: {top_k: 7}\nlake: /first\n")
    second.write_text("lake: /second\n")
    document = config.read([str(first), str(second)], ["rank_answers.threshold=0.25"])
    settings = config.settings_of(RankAnswers, document)
    assert (settings.top_k, settings.threshold, settings.lake) == (7, 0.25, "/second")


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        rank().top_k = 3


def test_the_run_date_is_today_unless_it_is_given():
    assert rank("run_date=2026-01-31").run_date == dt.date(2026, 1, 31)
    assert rank().run_date == dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_setting_of_a_stage_stands_in_base_yaml(stage):
    document = config.read([], FOLDERS)
    settings = config.settings_of(stage.settings, document)
    shared = {"landing", "lake", "models", "run_date", *stage.settings.shared}
    own = set(type(settings).model_fields) - shared - set(stage.settings.borrowed)
    assert own == set(document.get(stage.name, {}))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("rank_answers.topk=3", "rank_answers.topk: unknown, expected one of [top_k,"),
        ("rank_answers.top_k=0", "rank_answers.top_k: 0, expected greater than"),
        ("rank_answers.top_k=many", "rank_answers.top_k: 'many', expected a valid int"),
        ("rank_answers.threshold=1.5", "rank_answers.threshold: 1.5, expected less"),
        ("rank_answers=3", "rank_answers: 3, expected names and values"),
        ("quarantine.max_fraction=-1", "quarantine.max_fraction: -1, expected greater"),
        ("nonsense", "--set nonsense: expected NAME=VALUE"),
        ("a: b=3", "a: b: unknown"),
        ("lake=null", "lake: not set, expected a folder (--set lake=DIR)"),
        ("run_date=tomorrow", "run_date: 'tomorrow', expected a valid date"),
    ],
)
def test_a_mistake_is_told_in_one_line(override, told):
    with pytest.raises(SettingsError) as error:
        rank(override)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_borrowed_setting_is_that_of_its_own_section():
    document = config.read([], [*FOLDERS, "pair_reviews.sources=[bullet]"])
    assert config.settings_of(BuildWordCounts, document).sources == ("bullet",)
    document = config.read([], [*FOLDERS, "pair_reviews.sources=[nonsense]"])
    with pytest.raises(SettingsError, match=r"^pair_reviews\.sources\.0: 'nonsense'"):
        config.settings_of(BuildWordCounts, document)
    with pytest.raises(SettingsError, match=r"build_word_counts\.sources: unknown"):
        config.read([], ["build_word_counts.sources=[bullet]"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "expected"),
        ("- 1", "expected names and values"),
        ("spark: {nope: 1}", "spark.nope: unknown, expected one of [master,"),
    ],
)
def test_a_bad_file_is_told_in_one_line(tmp_path, text, told):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        config.read([str(path)], [])
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told_with_its_name():
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: No such file"):
        config.read(["nowhere.yaml"], [])


def test_spark_options_and_file_domains_are_open():
    settings = rank("spark.options.spark.x.y=true", "spark.options.spark.z=1")
    assert settings.spark.options == {"spark.x.y": "true", "spark.z": "1"}


def test_the_models_folder_is_asked_for_where_it_is_needed():
    settings = config.settings_of(SplitSentences, config.read([], ["lake=/l"]))
    with pytest.raises(SettingsError, match="models: not set"):
        _ = settings.models_folder
