"""What was compiled before says the same as what is compiled now, or is not used."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.cache import Cache
from campaignctl.manifest.compile import CompileInputs, compile_file
from campaignctl.manifest.load import check, load
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.manifest.store import CACHE_FILE, Store
from campaignctl.yamlio.files import TextFiles
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.substitution import FileText
from tests.manifest.test_mangled import mangled

PROJECT = """\
metadata: {name: x}
environments: {staging: {}, production: {variables: {price: "29"}}}
variables: {price: "19", brand: Acme}
allow_env: [SEASON]
"""
PUSH = """\
spec:
  name: ${var.brand} for ${var.price}
  messages:
    - channel: push
      push: {title: {en: "${env.SEASON}"}, body: {en: {$file: body.txt}}, landing_url: https://example.com}
"""
MATRIX = """\
matrix: {lang: [en, de]}
metadata: {key: many}
spec:
  name: Many ${matrix.lang}
  labels: [a]
  messages: [{channel: sms, integration_id: "1", sms: {content: {$file: "sms.{lang}.txt"}}}]
extra: {brand_new: true}
---
kind: Removed
metadata: {key: gone}
"""
FILES = {
    "campaignctl.yaml": PROJECT,
    "_defaults.yaml": "spec: {labels: [spring]}\nmessage: {push: {push: {icon: https://example.com/i.png}}}\n",
    "push/sale.yaml": PUSH,
    "push/body.txt": "Half of ${var.price}",
    "many.yaml": MATRIX,
    "sms.en.txt": "Hi",
    "sms.de.txt": "Hallo",
}


@dataclass
class Run:
    """What a run is given in addition to the files."""

    environ: Mapping[str, str] = field(default_factory=lambda: {"SEASON": "Spring"})
    environment: str = "staging"
    variables: Mapping[str, str] = field(default_factory=dict)

    def check(self, project: Path, home: Path | None) -> Any:
        """All that a run says of a project, with the place of a field of each campaign."""
        environ = {**self.environ, "HOME": str(home)} if home else self.environ
        desired, findings = check(
            project,
            environment=self.environment,
            environ=environ,
            tool_version="0.1.0",
            variables=self.variables,
        )
        places = [
            (
                one.positions.at(("spec", "name")),
                one.positions.within(("spec", "messages", 0, "push", "body"), 3),
            )
            for one in (desired.campaigns.values() if desired else ())
            if one.positions
        ]
        return desired, findings, places


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """A project, and the home directory of its user."""
    return made(tmp_path)


def made(folder: Path) -> tuple[Path, Path]:
    project, home = folder / "checkout" / "project", folder / "home"
    home.mkdir()
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project, home


def database(home: Path) -> Path:
    return home / ".cache" / "campaignctl" / CACHE_FILE


EDITS = st.one_of(
    st.tuples(st.sampled_from(["push/sale.yaml", "many.yaml", "_defaults.yaml", "new.yaml"]), mangled()),
    st.tuples(st.sampled_from(["push/body.txt", "sms.de.txt", "sms.fr.txt"]), st.binary(max_size=20)),
    st.tuples(st.sampled_from(sorted({*FILES} - {"campaignctl.yaml"})), st.none()),
    st.tuples(st.just("--var"), st.sampled_from(["19", "49", "${X}", "${var.price}"])),
    st.tuples(st.just("SEASON"), st.sampled_from(["Spring", "Autumn", "${"])),
    st.tuples(st.just("token"), st.sampled_from(["", "Half of 19", "of another account"])),
    st.tuples(st.just("-e"), st.sampled_from(["staging", "production"])),
    st.tuples(st.just("back"), st.none()),
)


@given(st.lists(EDITS, max_size=6))
def test_whatever_is_edited_cached_and_fresh_say_the_same(edits: list[tuple[str, Any]]) -> None:
    run = Run()
    with tempfile.TemporaryDirectory() as folder:
        project, home = made(Path(folder))
        for what, value in [("back", None), *edits, ("back", None)]:
            if what == "--var":
                run.variables = {"price": value}
            elif what == "SEASON":
                run.environ = {**run.environ, "SEASON": value}
            elif what == "token":
                run.environ = {**run.environ, "OCAMBA_TOKEN": value}
            elif what == "-e":
                run.environment = value
            elif what == "back":
                for name, text in FILES.items():
                    (project / name).write_text(text)
            elif value is None:
                (project / what).unlink(missing_ok=True)
            else:
                (project / what).write_bytes(value)
            assert run.check(project, home) == run.check(project, None)
        assert entries(home) > 0


def entries(home: Path) -> int:
    with closing(sqlite3.connect(database(home))) as found:
        (number,) = found.execute("SELECT count(*) FROM entry").fetchone()
        return int(number)


def rewrite(home: Path, old: str, new: str, *, sound: bool) -> None:
    """Change the text of the entries; their digests too, if the change is `sound`."""
    with closing(sqlite3.connect(database(home))) as found, found:
        for key, digest, body in found.execute("SELECT key, digest, body FROM entry").fetchall():
            other = body.replace(old.encode(), new.encode())
            right = hashlib.sha256(key + other).digest() if sound else digest
            found.execute("UPDATE entry SET digest = ?, body = ? WHERE key = ?", (right, other, key))


def names(project: Path, home: Path, **environ: str) -> list[str]:
    desired: DesiredState = load(
        project,
        environment="staging",
        environ={"SEASON": "Spring", "HOME": str(home), **environ},
        tool_version="0.1.0",
    )
    return [one.spec["name"] for one in desired.campaigns.values()]


FRESH = ["Many de", "Many en", "Acme for 19"]


def test_an_entry_is_used_and_a_damaged_one_is_not(place: tuple[Path, Path]) -> None:
    project, home = place
    assert names(project, home) == FRESH
    rewrite(home, "Many", "Some", sound=True)
    assert names(project, home) == ["Some de", "Some en", "Acme for 19"]
    rewrite(home, "Some", "Few ", sound=False)
    assert names(project, home) == FRESH
    rewrite(home, '"Many de"', '"Many" de', sound=True)
    assert names(project, home) == FRESH
    rewrite(home, '["many.yaml", ', "[", sound=True)
    assert names(project, home) == FRESH


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and nothing", b"\0" * 5000, None])
def test_a_damaged_database_is_made_again(content: bytes | None, place: tuple[Path, Path]) -> None:
    project, home = place
    names(project, home)
    whole = database(home).read_bytes()
    database(home).write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096) if content is None else content)
    assert names(project, home) == FRESH
    assert names(project, home) == FRESH
    assert entries(home) == 2


def test_while_another_run_writes_every_file_is_compiled(place: tuple[Path, Path]) -> None:
    project, home = place
    names(project, home)
    with closing(sqlite3.connect(database(home), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        (project / "many.yaml").write_text(MATRIX.replace("Many", "More"))
        assert names(project, home) == ["More de", "More en", "Acme for 19"]
        other.execute("ROLLBACK")
    assert entries(home) == 2


@pytest.mark.parametrize("where", ["writable by others", "a link", "in the project", "in the checkout"])
def test_a_folder_that_others_may_fill_is_not_used(where: str, place: tuple[Path, Path]) -> None:
    project, home = place
    names(project, home)
    rewrite(home, "Many", "Evil", sound=True)
    folder = database(home).parent
    environ = {}
    if where == "writable by others":
        folder.chmod(0o770)
    elif where == "a link":
        folder.rename(home / "elsewhere")
        folder.symlink_to(home / "elsewhere")
    else:
        top = project if where == "in the project" else project.parent
        (project.parent / ".git").mkdir()
        folder.rename(top / "campaignctl")
        environ = {"XDG_CACHE_HOME": str(top)}
    assert names(project, home, **environ) == FRESH


@pytest.mark.parametrize("environ", [{"CAMPAIGNCTL_CACHE": "off"}, {"HOME": ""}, {"HOME": "relative"}])
def test_a_run_without_a_cache_makes_none(environ: dict[str, str], place: tuple[Path, Path]) -> None:
    project, home = place
    before = sorted(home.rglob("*"))
    assert names(project, home, **environ) == FRESH
    assert sorted(home.rglob("*")) == before


def unasked(campaign: DesiredCampaign) -> DesiredCampaign:
    raise AssertionError(f"the entry of {campaign.key} is sound")


def test_the_entries_that_were_not_used_for_longest_go(tmp_path: Path) -> None:
    inputs = CompileInputs(Values({}, {}))
    message = f"{{channel: sms, integration_id: '1', sms: {{content: {{en: {'x' * 4000}}}}}}}"
    data = f"spec: {{name: N, messages: [{message}]}}".encode()
    paths = [f"c{number}.yaml" for number in range(40)]
    for path in paths:
        with Cache({"HOME": str(tmp_path)}, Path("/nowhere"), largest=60_000) as cache:
            (entry,) = cache.entries([(path, path, data, inputs)])
            assert cache.find(entry, inputs, unasked) is None
            cache.keep(entry, compile_file(path, path, data, inputs), inputs)
    assert 0 < entries(tmp_path) < len(paths)
    with Cache({"HOME": str(tmp_path)}, Path("/nowhere")) as cache:
        (entry,) = cache.entries([(paths[-1], paths[-1], data, inputs)])
        assert cache.find(entry, inputs, unasked) == compile_file(paths[-1], paths[-1], data, inputs)


def test_large_entries_do_not_wait_in_memory_for_the_end_of_the_run(tmp_path: Path) -> None:
    with Store({"HOME": str(tmp_path)}, Path("/nowhere")) as store:
        for name in (b"a", b"b", b"c"):
            store.remember(name, name * (3 << 20))
        assert entries(tmp_path) == 3
        store.remember(b"d", b"small")
        assert entries(tmp_path) == 3
    assert entries(tmp_path) == 4


def test_the_digest_of_a_text_is_that_of_the_text_that_was_compiled(tmp_path: Path) -> None:
    """A side file that changes between the look into the cache and the compilation is not kept as it was."""
    file, named = tmp_path / "body.txt", [("", "body.txt")]
    digests = []
    for text in ("old", "new"):
        file.write_text(text)
        digests.append(TextFiles(tmp_path, "").digests(named))
    file.write_text("old")
    texts = TextFiles(tmp_path, "")
    assert texts.digests(named) == digests[0]
    file.write_text("new")
    assert texts.read(named)["", "body.txt"] == FileText("body.txt", "new")
    assert texts.digests(named) == digests[1]
    file.write_text("old")
    assert texts.digests(named) == digests[1]


def test_only_its_owner_reads_the_database(place: tuple[Path, Path]) -> None:
    project, home = place
    names(project, home)
    assert database(home).stat().st_mode & 0o777 == 0o600
    assert database(home).parent.stat().st_mode & 0o777 == 0o700


def test_a_position_in_a_file_that_changed_meanwhile_is_refused(place: tuple[Path, Path]) -> None:
    project, home = place
    desired = load(
        project,
        environment="staging",
        environ={"SEASON": "S", "HOME": str(home)},
        tool_version="0.1.0",
    )
    (project / "many.yaml").write_text("spec: {}")
    positions = desired.campaigns["many[lang=en]"].positions
    assert positions is not None
    with pytest.raises(CampaignctlError, match="was changed while it was read"):
        positions.at(("spec", "name"))
