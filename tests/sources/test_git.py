from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.records import Change, Manifest, Problem
from blameline.sources import git as history
from blameline.sources import git_asked
from blameline.sources.git import GitLog
from blameline.sources.heads import File, look

if TYPE_CHECKING:
    from blameline.store import Store

LOG = """commit 1f2e3d4c5b6a798897a6b5c4d3e2f10123456789
Author:     Somebody <somebody@example.org>
AuthorDate: 2026-03-01T10:00:00+01:00
Commit:     Other <other@example.org>
CommitDate: 2026-03-14T10:12:00+01:00

    shorten refund policy wording

    more words

diff --git a/prompts/support.txt b/prompts/support.txt
index 1..2 100644
--- a/prompts/support.txt
+++ b/prompts/support.txt
@@ -1 +1 @@
-old
+new

commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Author: Somebody <somebody@example.org>
Date:   Sat Mar 14 09:11:00 2026 +0000

    bump

commit bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
Author: Somebody <somebody@example.org>
Date:   never

    odd
"""
HERE = Path(__file__).parent


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


NOW = at(1)


class Repository:
    """A throw-away repository whose people and times are ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self("init", "-q", "-b", "main")

    def __call__(self, *words: str, when: datetime = NOW) -> str:
        quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for key in ("AUTHOR", "COMMITTER"):
            quiet |= {f"GIT_{key}_NAME": "Somebody", f"GIT_{key}_EMAIL": "s@example.org"}
        quiet |= {"GIT_COMMITTER_DATE": when.isoformat(), "GIT_AUTHOR_DATE": "2025-01-01T00:00:00Z"}
        command = ["git", "-C", str(self.folder), *words]
        return subprocess.run(command, check=True, env=quiet, capture_output=True, text=True).stdout

    def commit(self, when: datetime, message: str, **files: str | bytes) -> None:
        for name, content in files.items():
            path = self.folder / name.replace("__", "/").replace("_txt", ".txt").replace("_git", ".git")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self("add", "-A")
        self("commit", "-q", "-m", message, when=when)

    def read(self, below: str = "") -> tuple[list[Change], list[Problem]]:
        folder = self.folder / below
        found = list(GitLog().read(File(folder, ".", look(folder)), Manifest(), lenient=False))
        return [part for part in found if isinstance(part, Change)], [
            part for part in found if isinstance(part, Problem)
        ]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    git = Repository(tmp_path / "repo")
    for n in range(3):
        git.commit(at(n + 1), f"edit {n}", prompts__a_txt=f"version {n}\n")
    config = git.folder / ".git" / "config"
    config.write_text(config.read_text() + '[diff]\n\texternal = "touch pwned"\n\tnoprefix = true\n')
    return git


def test_the_text_of_a_log(store: Store, take) -> None:
    found = take({"history.txt": LOG})
    assert [(problem.line, "authors' dates" in problem.message) for problem in found.problems] == [
        (19, True),
        (25, False),
    ]
    bump, edit = store.changes()
    assert (edit.kind, edit.layer, edit.component, edit.to) == (
        "prompt_edit",
        "prompt",
        "prompts/support.txt",
        "1f2e3d4c5b",
    )
    assert edit.at == at(14, 9, 12)
    assert edit.summary == "shorten refund policy wording"
    assert edit.diff is not None
    assert edit.diff.endswith("-old\n+new")
    assert "omebody" not in edit.model_dump_json()
    assert (bump.kind, bump.summary, bump.uncertainty, edit.uncertainty) == ("deploy", "bump", timedelta(days=1), None)


def test_a_commit_of_a_year_that_nobody_means_is_told(store: Store, take) -> None:
    dates = ["Sat Mar 14 09:11:00 1931 +0000", "19000000000 +0000", "Sat Mar 14 09:11:00 2026 +0000"]
    log = "".join(
        f"commit {n}{'a' * 39}\nAuthor: S <s@example.org>\nDate:   {said}\n\n    bump\n\n"
        for n, said in enumerate(dates)
    )
    told = [problem.message for problem in take({"history.txt": log}).problems]
    assert [change.at for change in store.changes()] == [at(14, 9, 11)]
    assert [message[:40] for message in told if "no time" in message] == [
        f"commit {n}aaaaaaaaa has no time that can b" for n in range(2)
    ]


@pytest.mark.parametrize("bare", [False, True])
def test_a_repository_is_asked(store: Store, repository: Repository, tmp_path: Path, bare: bool) -> None:
    folder = repository.folder
    if bare:
        folder = tmp_path / "bare.git"
        subprocess.run(
            ["git", "clone", "-q", "--bare", str(repository.folder), str(folder)], check=True, capture_output=True
        )
    found = load(store, [folder])
    assert found.problems == ()
    assert [change.summary for change in store.changes()] == ["edit 0", "edit 1", "edit 2"]
    assert {change.kind for change in store.changes()} == {"prompt_edit"}
    assert {change.component for change in store.changes()} == {"prompts/a.txt"}
    assert store.changes()[0].at == at(1)
    assert not list(tmp_path.rglob("pwned"))
    assert load(store, [folder]).changes == 0


def test_work_on_a_branch_counts_when_it_was_merged(repository: Repository) -> None:
    repository("checkout", "-q", "-b", "octocat/refunds")
    repository.commit(at(5), "draft", prompts__b_txt="new\n")
    repository.commit(at(6), "better", prompts__b_txt="newer\n")
    repository("checkout", "-q", "main")
    repository.commit(at(7), "meanwhile", src__app_txt="x\n")
    message = "Merge pull request #12 from octocat/x\n\nShorter refunds, thanks @octocat\n\nSigned-off-by: Mona <m@example.org>"
    repository("merge", "-q", "--no-ff", "octocat/refunds", "-m", message, when=at(9, 12))
    changes, problems = repository.read()
    assert problems == []
    merge = changes[0]
    assert [change.summary for change in changes] == [
        "Shorter refunds, thanks @… (pull request #12)", "meanwhile", "edit 2", "edit 1", "edit 0"]  # fmt: skip
    assert (merge.at, merge.kind, merge.component) == (at(9, 12), "prompt_edit", "prompts/b.txt")
    assert "+newer" in str(merge.diff)
    said = "".join(change.model_dump_json() for change in changes)
    assert not [name for name in ("omebody", "octocat", "Mona", "example.org") if name in said]


@pytest.mark.parametrize(
    "setting",
    [
        "log.diffMerges=combined", "log.diffMerges=off", "log.diffMerges=remerge", "i18n.logOutputEncoding=ISO-8859-1",
        "log.abbrevCommit=true", "log.showSignature=true", "log.date=short", "log.follow=true", "format.pretty=oneline",
        "color.ui=always", "core.abbrev=40", "core.quotePath=true", "core.pager=touch pwned", "diff.context=0",
        "diff.interHunkContext=30", "diff.mnemonicPrefix=true", "diff.renames=false", "diff.renameLimit=1",
        "diff.suppressBlankEmpty=true", "diff.orderFile=/nowhere", "diff.wording.command=touch pwned",
        "diff.wording.textconv=touch pwned;cat", "filter.wording.clean=touch pwned;cat",
    ],
)  # fmt: skip
def test_a_repository_has_no_say_in_how_it_is_read(repository: Repository, tmp_path: Path, setting: str) -> None:
    blank = "\n\n".join("abcdefghijklmnop")
    repository.commit(at(4), "Größe", prompts__a_txt=blank, src__x_txt="x\n", src__y_txt="y\n")
    repository("checkout", "-q", "-b", "wording")
    repository.commit(at(5), "wording", prompts__a_txt=blank.replace("b", "B").replace("h", "H"))
    repository("checkout", "-q", "main")
    repository.commit(at(6), "meanwhile", prompts__a_txt=blank.replace("o", "O"))
    repository("merge", "-q", "--no-ff", "wording", when=at(7))
    repository("mv", "prompts/a.txt", "prompts/b.txt")
    repository("mv", "src/x.txt", "src/z.txt")
    repository.commit(at(8), "moved", _gitattributes="*.txt diff=wording filter=wording merge=wording\n")
    before = repository.read()
    assert [change.kind for change in before[0][:3]] == ["prompt_edit"] * 3
    assert before[1] == []
    repository("config", "merge.wording.driver", f"touch {tmp_path}/pwned; true")
    repository("config", *setting.replace("pwned", f"{tmp_path}/pwned").split("=", 1))
    assert repository.read() == before
    assert not list(tmp_path.rglob("pwned"))


def test_what_a_partial_clone_lacks_is_not_fetched(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = repository("rev-parse", "HEAD:prompts/a.txt").strip()
    (repository.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    settings = {"core.repositoryformatversion": "1", "extensions.partialClone": "far", "remote.far.promisor": "true",
                "remote.far.url": f"ext::touch {tmp_path}/pwned", "protocol.ext.allow": "always"}  # fmt: skip
    for key, value in settings.items():
        repository("config", key, value)
    older = tmp_path / "git"
    older.write_text(f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {git_asked.shutil.which("git")} "$@"\n')
    older.chmod(0o755)
    monkeypatch.setattr(git_asked.shutil, "which", lambda _: str(older))
    assert ["git log failed" in problem.message for problem in repository.read()[1]] == [True]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Merge branch 'mona/fix' into main", "Merge branch 'fix' into main"),
        ("Merge branch 'main' of github.com:mona/repo", "Merge branch 'main'"),
        ("Merge branch 'fix' into 'main'\n\nNew wording\n\nSee merge request a/b!1", "New wording"),
        ("Merge branch 'fix'\n\n# Conflicts:\n#\ta", "Merge branch 'fix'"),
        ("Merge pull request #3 from mona/fix", "Merge pull request #3"),
        ("fix (by mona@example.org, see @types/node)", "fix (by …, see @types/node)"),
        ("", None),
    ],
)
def test_a_headline_names_nobody(message: str, shown: str | None) -> None:
    assert history.headline(message.splitlines()) == shown


def test_several_repositories_in_one_load(store: Store, repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "case" / "infra")
    other.commit(at(4), "more memory", limits_txt="8\n")
    (tmp_path / "case" / "nested").mkdir()
    repository.folder.rename(tmp_path / "case" / "nested" / "app")
    apart = Repository(tmp_path / "apart")
    apart.commit(at(8), "apart", x_txt="1\n")
    assert load(store, [tmp_path / "case", apart.folder]).problems == ()
    assert [change.summary for change in store.changes()] == ["edit 0", "edit 1", "edit 2", "more memory", "apart"]
    apart.commit(at(9), "later", x_txt="2\n")
    assert load(store, [tmp_path / "case", apart.folder]).changes == 1


def test_a_folder_inside_a_repository_has_its_own_history(repository: Repository) -> None:
    repository.commit(at(5), "elsewhere", src__app_txt="x\n")
    repository.commit(at(6), "both", src__app_txt="y\n", prompts__a_txt="z\n")
    changes, problems = repository.read("prompts")
    assert problems == []
    assert [change.summary for change in changes] == ["both", "edit 2", "edit 1", "edit 0"]
    assert changes[0].component == "prompts/a.txt"
    assert "app.txt" not in str(changes[0].diff)


def test_renames_binaries_and_odd_names(repository: Repository) -> None:
    repository("mv", "prompts/a.txt", "wording.txt")
    repository("commit", "-q", "-m", "moved", when=at(5))
    repository.commit(at(6), "picture", logo=b"\x89PNG\0\0" * 50)
    odd = repository.folder / "x b" / "y b.txt"
    odd.parent.mkdir()
    odd.write_text("1\n")
    (repository.folder / "größe.txt").write_text("1\n")
    repository.commit(at(7), "odd")
    names, picture, moved = repository.read()[0][:3]
    assert (moved.kind, moved.component) == ("prompt_edit", "wording.txt")
    assert "rename from prompts/a.txt" in str(moved.diff)
    assert (picture.component, picture.kind) == ("logo", "deploy")
    assert str(picture.diff).endswith("Binary files /dev/null and b/logo differ")
    assert names.component == "größe.txt, x b/y b.txt"


def test_a_huge_diff_is_cut(repository: Repository) -> None:
    repository.commit(at(5), "big", big_txt="word\n" * 200_000, wide_txt="w" * 3_000_000, z_txt="last\n")
    change = repository.read()[0][0]
    assert len(str(change.diff)) <= history.MOST_DIFF + 10
    assert str(change.diff).endswith("… (cut)")
    assert change.component == "big.txt, wide.txt, z.txt"


def test_only_the_latest_commits_are_read(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_COMMITS", 2)
    changes, problems = repository.read()
    assert [change.summary for change in changes] == ["edit 2", "edit 1"]
    assert [problem.message for problem in problems] == ["only the latest 2 commits are read"]
    monkeypatch.setattr(history, "MOST_COMMITS", 3)
    assert repository.read()[1] == []


def test_git_that_takes_too_long_is_ended(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "git"
    slow.write_text(f"#!/bin/sh\nprintf '%s' '{LOG.partition('commit bbbb')[0]}'\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(git_asked.shutil, "which", lambda _: str(slow))
    monkeypatch.setattr(git_asked, "MOST_SECONDS", 1)
    changes, problems = repository.read()
    assert [change.summary for change in changes] == ["shorten refund policy wording", "bump"]
    assert [problem.message for problem in problems] == ["git log took longer than 1 s: read up to there"]


def test_a_shallow_history_begins_after_its_cut(repository: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "shallow"
    where = f"file://{repository.folder}"
    subprocess.run(["git", "clone", "-q", "--depth=2", where, str(folder)], check=True, capture_output=True)
    found = list(GitLog().read(File(folder, ".", look(folder)), Manifest(), lenient=False))
    assert [part.summary for part in found if isinstance(part, Change)] == ["edit 2"]
    assert ["shallow" in part.message for part in found if isinstance(part, Problem)] == [True]


def test_a_repository_without_commits_is_told(store: Store, tmp_path: Path) -> None:
    found = load(store, [Repository(tmp_path / "new").folder])
    assert [problem.message.startswith("git log failed: ") for problem in found.problems] == [True]


@pytest.mark.parametrize(
    "options",
    [
        ("--date=raw",), ("--date=iso",), ("--date=rfc",), ("--date=iso-strict", "--format=fuller"), ("--date=unix",),
        ("--format=fuller", "--stat"), ("--format=fuller", "--name-status"), ("--format=fuller", "--numstat"), ("--raw", "-p"),
        ("--format=fuller", "--name-only"), ("--format=fuller", "--name-only", "--notes=*"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_logs_of_many_forms(repository: Repository, store: Store, take, options: tuple[str, ...]) -> None:
    repository("mv", "prompts/a.txt", "wording.txt")
    repository("commit", "-q", "-m", "moved", when=at(4, 3))
    said = repository("-c", "diff.external=", "-c", "diff.noprefix=false", "log", *options)
    found = take({"log.txt": said})
    changes = store.changes()
    assert sorted(str(change.summary) for change in changes) == ["edit 0", "edit 1", "edit 2", "moved"]
    told = bool({"--stat", "--name-status", "--name-only", "--numstat", "-p"} & {*options})
    problems = [problem for problem in found.problems if "which files were touched" not in problem.message]
    assert len(problems) == len(found.problems) - (not told)
    if "--format=fuller" in options:
        assert problems == []
        assert [change.at for change in changes] == [at(1), at(2), at(3), at(4, 3)]
    else:
        assert [problem.line for problem in problems] == [1]
        assert {change.at for change in changes} == {datetime(2025, 1, 1, tzinfo=UTC)}
    if told:
        kinds = {change.summary: change.kind for change in changes}
        left = "deploy" if "--name-only" in options else "prompt_edit"  # it names no path that a rename left
        assert kinds == {**dict.fromkeys(("edit 0", "edit 1", "edit 2"), "prompt_edit"), "moved": left}
        assert {change.component for change in changes if change.summary != "moved"} == {"prompts/a.txt"}


PLAIN = ("-c", "diff.external=", "-c", "diff.noprefix=false", "log", "--date=iso-strict", "--format=fuller")
BRANCHES = (
    f"the log has the commits of branches too, at their own time and not at their merge's: write it with {history.BEST}"
)


@pytest.fixture
def merged(repository: Repository) -> Repository:
    repository("checkout", "-q", "-b", "wording")
    repository.commit(at(4), "branch", prompts__b_txt="new\n")
    repository("checkout", "-q", "main")
    repository.commit(at(5), "meanwhile", src__app_txt="x\n")
    repository("merge", "-q", "--no-ff", "wording", "-m", "merged", when=at(6))
    return repository


@pytest.mark.parametrize("order", [(), ("--reverse",), ("--abbrev-commit", "--abbrev=12"), ("--decorate", "--source")])
def test_a_merge_is_what_it_brought_to_its_first_parent(
    merged: Repository, store: Store, take, order: tuple[str, ...]
) -> None:
    along = take({"along.txt": merged(*PLAIN, "--first-parent", "-m", "-p", *order)})
    assert along.problems == ()
    best = store.changes()
    assert [change.summary for change in best] == ["edit 0", "edit 1", "edit 2", "meanwhile", "merged"]
    text = merged(*PLAIN, "-m", "-p", *order)
    begins = [number for number, line in enumerate(text.splitlines(), 1) if "(from" in line]
    every = take({"every.txt": text})
    assert len(begins) == 2
    assert [(problem.line, problem.message) for problem in every.problems] == [(begins[0], BRANCHES)]
    assert [change for change in store.changes() if change.summary != "branch"] == list(best)
    assert (best[-1].kind, best[-1].component, best[-1].at) == ("prompt_edit", "prompts/b.txt", at(6))


def test_a_merge_alone_tells_that_its_log_holds_branches(merged: Repository, store: Store, take) -> None:
    assert [problem.message for problem in take({"one.txt": merged(*PLAIN, "-m", "-p", "-1")}).problems] == [BRANCHES]
    assert [change.component for change in store.changes()] == ["prompts/b.txt"]


@pytest.mark.parametrize("form", ["-p", "--stat", "--name-status"])
def test_a_merge_that_brought_nothing_has_no_paths(merged: Repository, store: Store, take, form: str) -> None:
    merged("checkout", "-q", "wording")
    merged.commit(at(7), "dropped", prompts__c_txt="c\n")
    merged("checkout", "-q", "main")
    merged("merge", "-q", "-s", "ours", "wording", "-m", "ours", when=at(8))
    assert [problem.message for problem in take({"log.txt": merged(*PLAIN, "-m", form)}).problems] == [BRANCHES]
    ours = store.changes()[-1]
    assert (ours.summary, ours.kind, ours.component, ours.diff) == ("ours", "deploy", None, None)


@pytest.mark.parametrize("order", [(), ("--reverse",), ("--abbrev-commit", "--abbrev=12")])
def test_a_log_that_holds_the_commits_of_branches_is_told(merged: Repository, take, order: tuple[str, ...]) -> None:
    assert take({"along.txt": merged(*PLAIN, "-p", "--first-parent", *order)}).problems == ()
    text = merged(*PLAIN, "-p", *order)
    line = text[: text.index("\nMerge: ")].count("\n") + 1
    found = [(problem.source, problem.line, problem.message) for problem in take({"log.txt": text}).problems]
    assert ("log.txt", line, BRANCHES) in found
    assert [part[0] for part in found if part[2] == BRANCHES] == ["log.txt"]


@pytest.mark.parametrize("form", ["--cc", "-c"])
def test_the_combined_diff_of_a_merge_is_told(merged: Repository, take, form: str) -> None:
    merged("checkout", "-q", "-b", "again", "HEAD~1")
    merged.commit(at(7), "mine", prompts__a_txt="mine\n")
    merged("checkout", "-q", "main")
    merged.commit(at(8), "ours", prompts__a_txt="ours\n")
    with pytest.raises(subprocess.CalledProcessError):
        merged("merge", "-q", "again", when=at(9))
    merged.commit(at(9), "both", prompts__a_txt="both\n")
    found = take({"log.txt": merged(*PLAIN, "--first-parent", form, "-p")})
    assert ["differs from all its parents" in problem.message for problem in found.problems] == [True]


@pytest.mark.parametrize(
    ("said", "when", "hours", "told"),
    [
        ("2026-03-14", at(14, 12), 26, "no time of day"),
        ("Sat Mar 14 09:12:00 2026", at(14, 9, 12), 14, "no zone"),
        ("2026-03-14 09:12:00", at(14, 9, 12), 14, "no zone"),
        ("2026-03-14T09:12:00", at(14, 9, 12), 14, "no zone"),
        ("Sat, 14 Mar 2026 09:12:00", at(14, 9, 12), 14, "no zone"),
        ("Sat, 14 Mar 2026 09:12:00 -0000", at(14, 9, 12), 0, None),
        ("Sat, 14 Mar 2026 09:12:00 +0100", at(14, 8, 12), 0, None),
        ("Sat Mar 14 09:12:00 2026 -0500", at(14, 14, 12), 0, None),
        ("2026-03-14 09:12:00 +0100", at(14, 8, 12), 0, None),
        ("2026-03-14T09:12:00Z", at(14, 9, 12), 0, None),
        ("2026-03-14T09:12:00-05:00", at(14, 14, 12), 0, None),
        ("1773479520 +0100", at(14, 9, 12), 0, None),
        ("1773479520", at(14, 9, 12), 0, None),
    ],
)
def test_a_date_without_a_zone_is_uncertain(
    store: Store, take, said: str, when: datetime, hours: int, told: str | None
) -> None:
    log = LOG.partition("commit aaaa")[0].replace("2026-03-14T10:12:00+01:00", said)
    found = take({"log.txt": log + log.replace("1f2e", "2f2e")})
    assert [(problem.line, told in problem.message) for problem in found.problems if told] == [(1, True)] * bool(told)
    assert ["--date=iso-strict" in problem.message for problem in found.problems] == [True] * bool(told)
    slack = timedelta(hours=hours) or None
    assert [(change.at, change.uncertainty) for change in store.changes()] == [(when, slack)] * 2


def test_an_authors_date_without_a_zone_is_uncertain_for_both(store: Store, take) -> None:
    log = "commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nAuthor: S <s@example.org>\nDate:   2026-03-14\n\n    bump\n"
    assert len(take({"log.txt": log}).problems) == 3  # and it tells no paths
    assert [change.uncertainty for change in store.changes()] == [timedelta(hours=24 + 26)]


@pytest.mark.parametrize(("digits", "told"), [(7, True), (9, True), (10, False), (16, False), (40, False)])
def test_hashes_that_are_too_short_are_told(store: Store, take, digits: int, told: bool) -> None:
    whole = LOG.partition("commit aaaa")[0]
    short = whole.replace(
        "1f2e3d4c5b6a798897a6b5c4d3e2f10123456789", "1f2e3d4c5b6a798897a6b5c4d3e2f10123456789"[:digits]
    )
    found = take({"full.txt": whole, "short.txt": short})
    assert [(problem.source, "--no-abbrev-commit" in problem.message) for problem in found.problems] == [
        ("short.txt", True)
    ] * told
    assert len(store.changes()) == 1 + told
