"""Settings of a project: all of them are recorded, and what loosens is told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import chain
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from campaignctl.project import model
from campaignctl.project.file import ProjectFile
from campaignctl.project.loader import load_project
from campaignctl.project.model import Project, Setting, StateSettings
from campaignctl.project.settings import APART, ROWS, SettingChange, changed, place_of, recorded

NAME = "metadata: {name: shop, id: 11111111-2222}\n"
_LIFT = "{guardrail: resend, keys: [%s], until: %s, reason: week}"
_WINDOW = "{from: 2026-12-%02d, to: 2026-12-%02d%s}"


def settings(folder: Path, text: str) -> dict[str, Any]:
    """The settings of a project file with this text, in production if it is declared."""
    head = "" if "metadata:" in text else NAME
    (folder / "campaignctl.yaml").write_text(f"{head}{text}\n", encoding="utf-8")
    environment = "production" if "production" in text else None
    project = load_project(folder, environment=environment, environ={}, tool_version="0.2.0")
    return recorded(project)


def freeze(*windows: str) -> str:
    return f"guardrails: {{freeze: [{', '.join(windows)}]}}"


def lift(keys: str = "push/*", until: str = "2026-12-01", more: str = "") -> str:
    return "overrides: [" + _LIFT % (keys, until) + more + "]"


def window(first: int, last: int, more: str = "") -> str:
    return _WINDOW % (first, last, more)


# path, before, after: the second loosens, and the way back does not.
LOOSENS = [
    ("metadata.id", NAME, "metadata: {name: shop}"),
    ("required_version", "required_version: '>=0.2'", ""),
    ("environments", "environments: {production: {}, staging: {}}", "environments: {production: {}}"),
    ("account.company_id", "account: {company_id: '1'}", ""),
    ("state.encryption", "state: {encryption: {method: aes_gcm}}", ""),
    ("manifests", "manifests: [push/*.yaml, sms/*.yaml]", "manifests: [push/*.yaml]"),
    ("ignore", "", "ignore: ['drafts/**']"),
    ("allow_env", "", "allow_env: [BRAND]"),
    ("overrides", "", lift()),
    ("overrides", lift(), lift(keys="push/*, sms/*")),
    ("overrides", lift(), lift(until="2026-12-02")),
    ("api.timeout", "", "api: {timeout: 5s}"),
    ("api.rate_limit.per_second", "", "api: {rate_limit: {per_second: 11}}"),
    ("api.rate_limit.per_minute", "", "api: {rate_limit: {per_minute: 151}}"),
    ("api.rate_limit.reserve_per_minute", "", "api: {rate_limit: {reserve_per_minute: 14}}"),
    ("api.settle.waits", "", "api: {settle: {waits: [1s, 4s]}}"),
    ("api.settle.waits", "", "api: {settle: {waits: [1s, 4s, 14s]}}"),
    ("api.settle.horizon", "", "api: {settle: {horizon: 1h}}"),
    ("api.settle.repost_after", "", "api: {settle: {repost_after: 59m}}"),
    ("api.markers", "", "api: {markers: off}"),
    ("api.hidden", "", "api: {hidden: [callbacks]}"),
    ("guardrails.max_destroy_percent", "", "guardrails: {max_destroy_percent: 31}"),
    ("guardrails.max_immediate_sends", "", "guardrails: {max_immediate_sends: 9999}"),
    ("guardrails.min_lead_time", "", "guardrails: {min_lead_time: 599s}"),
    ("guardrails.max_plan_age", "", "guardrails: {max_plan_age: 1h1ms}"),
    ("guardrails.twin_window", "", "guardrails: {twin_window: 0s}"),
    (
        "guardrails.max_sends_per_day",
        "guardrails: {max_sends_per_day: 3}",
        "guardrails: {max_sends_per_day: 4}",
    ),
    ("guardrails.max_sends_per_day", "guardrails: {max_sends_per_day: 3}", ""),
    ("guardrails.max_arming_changes", "guardrails: {max_arming_changes: 3}", ""),
    ("guardrails.require_targeting", "guardrails: {require_targeting: true}", ""),
    (
        "guardrails.require_labels",
        "guardrails: {require_labels: [a, b]}",
        "guardrails: {require_labels: [a]}",
    ),
    ("guardrails.forbid_immediate", "guardrails: {forbid_immediate: true}", ""),
    ("guardrails.collisions.within", "guardrails: {collisions: {within: 4h}}", ""),
    (
        "guardrails.collisions.within",
        "guardrails: {collisions: {within: 4h}}",
        "guardrails: {collisions: {within: 3h59m}}",
    ),
    ("guardrails.collisions.max_per_day", "guardrails: {collisions: {max_per_day: 2}}", ""),
    (
        "guardrails.collisions.max_per_day",
        "guardrails: {collisions: {max_per_day: 2}}",
        "guardrails: {collisions: {max_per_day: 3}}",
    ),
    ("guardrails.freeze", freeze(window(20, 27)), ""),
    ("guardrails.freeze", freeze(window(20, 27)), freeze(window(21, 27))),
    ("guardrails.freeze", freeze(window(20, 27)), freeze(window(20, 26))),
    ("guardrails.freeze", freeze(window(20, 27)), freeze(window(20, 27, ", scope: sends"))),
    (
        "guardrails.freeze",
        freeze(window(1, 9, ", kind: allow")),
        freeze(*(window(1, n, ", kind: allow") for n in (9, 19))),
    ),
    ("guardrails.freeze", freeze(window(1, 9, ", kind: allow")), ""),
    (
        "guardrails.freeze",
        freeze("{cron: 0 22 * * *, duration: 10h}"),
        freeze("{cron: 0 22 * * *, duration: 9h}"),
    ),
]


def waiver(until: str = "2027-01-01", reason: str = "short") -> str:
    return "lint: {waivers: [{code: PSH003, keys: ['push/*'], until: " + f"{until}, reason: {reason}" + "}]}"


def seeds(*people: str) -> str:
    targeting = "{custom_properties: {seed: {items: [" + ", ".join(people) + "], op: in}}}"
    return "proofs: {team: {targeting: " + targeting + "}}"


LOOSENS += [
    ("lint.severity", "", "lint: {severity: {SMS: off}}"),
    ("lint.severity", "lint: {severity: {SMS002: error}}", ""),
    ("lint.severity", "lint: {severity: {SMS002: error}}", "lint: {severity: {SMS002: info}}"),
    ("lint.waivers", "", waiver()),
    ("guardrails.require_proof", "guardrails: {require_proof: true}", ""),
    ("guardrails.max_proofs_per_day", "", "guardrails: {max_proofs_per_day: 51}"),
    ("proofs", "", seeds("team")),
]
# Neither way is known to be stricter.
UNCLEAR = [
    ("metadata.name", NAME, NAME.replace("shop", "store")),
    (
        "default_environment",
        "environments: {production: {}}",
        "environments: {production: {}}\ndefault_environment: production",
    ),
    ("time_zone", "", "time_zone: Europe/Belgrade"),
    ("state", "", "state: {path: other/state.json}"),
    ("state", "", "state: {backend: git}"),
    ("state", "state: {backend: git}", "state: {backend: git, remote: fork}"),
    ("state", "state: {backend: git}", "state: {backend: git, ref: refs/campaignctl/other}"),
    (
        "state",
        "state: {backend: object_store, url: s3://acme/one}",
        "state: {backend: object_store, url: s3://acme/two}",
    ),
    ("api.url", "", "api: {url: 'https://eu.ocamba.com'}"),
    ("api.url", "", "api: {url: 'http://localhost:8787'}"),
    ("api.immediate", "", "api: {immediate: two_step}"),
    ("notify.url_env", "notify: {url_env: HOOK}", "notify: {url_env: OTHER}"),
    ("notify.on", "notify: {url_env: HOOK}", "notify: {url_env: HOOK, on: all}"),
    ("metadata.id", NAME, NAME.replace("1111", "3333")),
    ("account.company_id", "account: {company_id: '1'}", "account: {company_id: '2'}"),
    ("required_version", "required_version: '>=0.2'", "required_version: '>=0.1'"),
    ("manifests", "manifests: [push/*.yaml]", "manifests: [sms/*.yaml]"),
    ("lint.waivers", waiver(), waiver("2027-01-02")),
    ("proofs", seeds("team"), seeds("team", "agency")),
    ("overrides", lift(keys="push/*"), lift(keys="sms/*")),
    ("overrides", lift(keys="'*'"), lift(keys="push/*")),
    ("guardrails.freeze", freeze(window(1, 9)), freeze(window(11, 19))),
]
# Stricter, or the same, both ways.
SAME = [
    ("overrides", lift(), lift().replace("week", "another week")),
    ("guardrails.freeze", freeze(window(20, 27)), freeze(window(20, 27, ", reason: holidays"))),
    (
        "guardrails.freeze",
        freeze(window(1, 9, ", kind: allow, reason: a")),
        freeze(window(1, 9, ", kind: allow, reason: b")),
    ),
]


def _changes(folder: Path, path: str, before: str, after: str) -> tuple[SettingChange, ...]:
    found = changed(settings(folder, before), settings(folder, after))
    assert {change.path for change in found} == {path}
    return found


@pytest.mark.parametrize(("path", "before", "after"), LOOSENS)
def test_a_looser_setting_is_told_from_a_stricter_one(
    tmp_path: Path, path: str, before: str, after: str
) -> None:
    assert any(change.loosens for change in _changes(tmp_path, path, before, after))
    assert not any(change.loosens for change in _changes(tmp_path, path, after, before))


@pytest.mark.parametrize(("path", "before", "after"), UNCLEAR)
def test_what_is_not_known_to_be_stricter_loosens(tmp_path: Path, path: str, before: str, after: str) -> None:
    assert any(change.loosens for change in _changes(tmp_path, path, before, after))
    assert any(change.loosens for change in _changes(tmp_path, path, after, before)) == (
        path not in {"required_version", "metadata.id"} or before != ""
    )


@pytest.mark.parametrize(("path", "before", "after"), SAME)
def test_another_reason_loosens_nothing(tmp_path: Path, path: str, before: str, after: str) -> None:
    for old, new in ((before, after), (after, before)):
        assert not any(change.loosens for change in _changes(tmp_path, path, old, new))


def test_every_setting_has_a_row_with_a_reason_and_a_case() -> None:
    assert set(ROWS) == {path for path, _, _ in (*LOOSENS, *UNCLEAR)}
    assert all(row.why for row in ROWS.values())


def _leaves(kind: Any, prefix: str = "") -> Iterator[str]:
    """The paths of all fields of the project model, by its types."""
    for one in fields(kind):
        inner = next((each for each in (one.type, *get_args(one.type)) if is_dataclass(each)), None)
        nested = isinstance(inner, type) and issubclass(inner, Setting) and get_origin(one.type) is not tuple
        if nested and inner is not StateSettings:
            yield from _leaves(inner, f"{prefix}{one.name}.")
        else:
            yield prefix + one.name


def test_no_field_of_the_project_is_left_out() -> None:
    names = {
        "name": "metadata.name",
        "id": "metadata.id",
        "company_id": "account.company_id",
        "environment_names": "environments",
    }
    leaves = set()
    for one, kind in get_type_hints(Project, vars(model), include_extras=True).items():
        parts = (model.ApiSettings, model.Guardrails, model.LintSettings, model.Notify, model.PreviewSettings)
        if kind in parts:
            leaves |= set(_leaves(kind, f"{one}."))
        else:
            leaves.add(names.get(one, one))
    leaves.add("state.encryption")
    assert leaves == set(ROWS) | set(APART)
    assert set(recorded(Project("shop", "/shop"))) == set(ROWS)


def test_no_field_of_the_project_file_is_left_out() -> None:
    constant = {"apiVersion", "kind", "preview"}
    parts = {path.partition(".")[0] for path in ROWS} | {"variables"}
    assert set(ProjectFile.model_fields) - constant == parts


def test_every_field_of_the_place_of_a_state_is_shown(tmp_path: Path) -> None:
    own = {
        "local": ("path",),
        "git": ("remote", "ref"),
        "http": ("address", "lock_address", "unlock_address", "lock_method", "unlock_method"),
        "object_store": ("url",),
        "postgres": ("url_env", "schema", "name"),
    }
    named = {"backend", "encryption", *chain.from_iterable(own.values())}
    assert named == {each.name for each in fields(StateSettings)}
    for backend, names in own.items():
        given: dict[str, Any] = {"backend": backend, "address": "https://h/crm", "url": "s3://acme/crm"}
        places = [StateSettings(**given), *(StateSettings(**{**given, name: "x"}) for name in names)]
        assert len({place_of(each) for each in places}) == 1 + len(names)


def test_settings_are_values_of_json_in_the_words_of_the_project_file(tmp_path: Path) -> None:
    text = (
        "guardrails: {min_lead_time: 90m, freeze: [{from: 2026-12-24, to: 2026-12-26, reason: holidays}]}\n"
        "overrides: [{guardrail: resend, keys: ['push/*'], until: 2026-12-01, reason: week}]\n"
        "api: {markers: off, settle: {waits: [1500ms]}}\n"
        "variables: {secret: hush}"
    )
    found = settings(tmp_path, text)
    assert json.loads(json.dumps(found)) == found
    assert found["guardrails.min_lead_time"] == "1h30m"
    assert found["api.settle.waits"] == ["1s500ms"]
    assert found["api.markers"] == "off"
    assert found["guardrails.freeze"] == [
        {
            "kind": "deny",
            "scope": "both",
            "tz": "UTC",
            "from": "2026-12-24T00:00:00Z",
            "to": "2026-12-27T00:00:00Z",
            "reason": "holidays",
        }
    ]
    assert found["overrides"] == [
        {"guardrail": "resend", "keys": ["push/*"], "until": "2026-12-02T00:00:00Z", "reason": "week"}
    ]
    assert "hush" not in json.dumps(found)


def test_the_settings_are_those_of_the_environment(tmp_path: Path) -> None:
    text = "environments: {production: {guardrails: {max_destroy_percent: 5}, state: {backend: git}}}"
    found = settings(tmp_path, text)
    assert found["guardrails.max_destroy_percent"] == 5
    assert found["state"] == "refs/campaignctl/production of origin"


def test_each_environment_has_a_prefix_of_its_own_in_the_bucket(tmp_path: Path) -> None:
    text = "state: {backend: object_store, url: s3://acme/crm/}\nenvironments: {production: {}, staging: {}}"
    assert settings(tmp_path, text)["state"] == "s3://acme/crm/production"
    own = "environments: {production: {state: {backend: object_store, url: gs://acme/x}}, staging: {}}"
    assert settings(tmp_path, own)["state"] == "gs://acme/x"


def test_without_recorded_settings_nothing_has_changed(tmp_path: Path) -> None:
    assert changed(None, settings(tmp_path, "")) == ()


def test_a_setting_that_was_not_recorded_had_its_default(tmp_path: Path) -> None:
    older = settings(tmp_path, "")
    del older["guardrails.max_immediate_sends"], older["overrides"]
    assert changed(older, settings(tmp_path, "")) == ()
    found = changed(older, settings(tmp_path, f"guardrails: {{max_immediate_sends: 9}}\n{lift()}"))
    assert [(one.path, one.before, one.loosens) for one in found] == [
        ("guardrails.max_immediate_sends", 3, True),
        ("overrides", None, True),
    ]


def test_a_setting_of_a_newer_version_loosens_where_this_one_does_not_know_it(tmp_path: Path) -> None:
    now = settings(tmp_path, "")
    assert changed({**now, "guardrails.newer": 1}, now) == (
        SettingChange("guardrails.newer", 1, None, loosens=True),
    )


@pytest.mark.parametrize("damaged", [5, "x", {"a": 1}, [5], [{"kind": 5}], None])
@pytest.mark.parametrize(
    "path", ["overrides", "guardrails.freeze", "api.timeout", "api.settle.waits", "ignore"]
)
def test_a_recorded_value_of_another_form_loosens(tmp_path: Path, path: str, damaged: Any) -> None:
    now = settings(tmp_path, lift() + "\n" + freeze(window(1, 9)))
    found = changed({**now, path: damaged}, now)
    assert path == "ignore" or any(one.loosens for one in found)


def test_items_of_a_list_change_one_by_one_and_what_loosens_comes_first(tmp_path: Path) -> None:
    found = changed(settings(tmp_path, "ignore: [a, b]"), settings(tmp_path, "ignore: [b, c]"))
    assert found == (
        SettingChange("ignore", None, "c", loosens=True),
        SettingChange("ignore", "a", None, loosens=False),
    )


def test_the_order_of_a_list_is_no_change(tmp_path: Path) -> None:
    assert changed(settings(tmp_path, "ignore: [a, b]"), settings(tmp_path, "ignore: [b, a]")) == ()


def test_a_sandbox_on_another_port_is_the_same_address(tmp_path: Path) -> None:
    here = settings(tmp_path, "api: {url: 'http://127.0.0.1:1000'}")
    assert changed(here, settings(tmp_path, "api: {url: 'http://localhost:2000'}")) == ()
    assert changed(here, settings(tmp_path, ""))


def test_many_items_are_compared_in_bounded_time(tmp_path: Path) -> None:
    now = settings(tmp_path, lift())
    one = now["overrides"][0]
    many = [{**one, "keys": [f"push/{number}"]} for number in range(5_000)]
    found = changed(
        {**now, "overrides": many}, {**now, "overrides": [{**each, "reason": "x"} for each in many]}
    )
    assert len(found) == 10_000
