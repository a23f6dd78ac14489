"""What manifests inherit from `_defaults.yaml`, and where its mistakes are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.errors import Finding
from campaignctl.manifest.defaults import NO_DEFAULTS
from campaignctl.yamlio.nodes import MappingNode, Node, fingerprint, merged
from campaignctl.yamlio.reader import read
from tests.manifest.checking import Check, Checked

SMS = "spec:\n  name: N\n  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]\n"
MESSAGES = """\
spec:
  name: N
  messages:
    - {name: P, channel: push, push: {title: {en: Hi}, landing_url: https://example.com}}
    - {name: E, channel: email, integration_id: 7, email: {subject: Hi, html: {en: <p>}}}
"""


def places(checked: Checked) -> list[tuple[str, str]]:
    """The errors as (FILE:LINE:COLUMN, message), files by their last part."""
    errors = (found for found in checked.findings if found.severity == "error")
    return [(str(found.source).rpartition("/")[2], found.message) for found in errors]


# ------------------------------------------------------------------------------------ merging


def test_objects_merge_lists_are_replaced_and_the_nearer_value_wins(project: Check) -> None:
    files = {
        "_defaults.yaml": "spec: {description: D, labels: [far], targeting: {profile_age: {from: 1, to: 9}}}",
        "push/_defaults.yaml": "spec: {labels: [near, nearer], targeting: {profile_age: {to: 5}}}\n",
        "push/a.yaml": SMS + "  targeting: {profile_age: {from: 3}}\n",
        "b.yaml": SMS,
    }
    campaigns = project(files).sound.campaigns
    assert campaigns["push/a"].spec["description"] == "D"
    assert campaigns["push/a"].spec["labels"] == ["near", "nearer"]
    assert campaigns["push/a"].spec["targeting"] == {"profile_age": {"from": 3, "to": 5}}
    assert campaigns["b"].spec["labels"] == ["far"]
    assert campaigns["b"].spec["targeting"] == {"profile_age": {"from": 1, "to": 9}}


def test_lifecycle_and_extra_come_from_defaults_too(project: Check) -> None:
    files = {"_defaults.yaml": "lifecycle: {prevent_destroy: true}\nextra: {tone: warm}\n", "a.yaml": SMS}
    campaign = project(files).sound.campaigns["a"]
    assert campaign.lifecycle.prevent_destroy is True
    assert campaign.spec["tone"] == "warm"
    assert campaign.unchecked == ("tone",)


def test_each_message_gets_the_defaults_of_its_channel(project: Check) -> None:
    defaults = """\
        message:
          push: {priority: 3, push: {icon: https://example.com/i.png, title: {de: Hallo}}}
          email: {integration_id: "1830", email: {sender_name: A, sender_email: a@example.com}}
        """
    nearer = "message: {push: {priority: 4}}\n"
    files = {"_defaults.yaml": defaults, "x/_defaults.yaml": nearer, "x/a.yaml": MESSAGES}
    push, email = project(files).sound.campaigns["x/a"].spec["messages"]
    assert push["priority"] == 4
    assert push["push"]["icon"] == "https://example.com/i.png"
    assert push["push"]["title"] == {"en": "Hi", "de": "Hallo"}
    assert email["integration_id"] == "7"
    assert email["email"]["sender_name"] == "A"
    assert "priority" not in email


def test_defaults_expand_with_the_variables_and_matrix_of_the_manifest(project: Check) -> None:
    files = {
        "campaignctl.yaml": "metadata: {name: t}\nvariables: {brand: Acme}\n",
        "_defaults.yaml": "spec: {description: '${var.brand}'}\n"
        "message: {sms: {priority: '${matrix.rank}', sms: {content: {de: '${matrix.country}'}}}}\n",
        "a.yaml": "matrix: {country: [DE], include: [{country: DE, rank: 3}]}\n" + SMS,
    }
    spec = project(files).sound.campaigns["a[country=DE]"].spec
    assert spec["description"] == "Acme"
    assert spec["messages"][0]["priority"] == 3
    assert spec["messages"][0]["sms"]["content"] == {"en": "Hi", "de": "DE"}


def test_a_file_is_relative_to_the_defaults_that_name_it(project: Check) -> None:
    files = {
        "_defaults.yaml": "spec: {description: {$file: note.txt}}\n",
        "note.txt": "outer",
        "x/note.txt": "inner",
        "x/a.yaml": SMS,
    }
    assert project(files).sound.campaigns["x/a"].spec["description"] == "outer"


def test_a_file_in_place_of_a_text_is_not_merged(project: Check) -> None:
    files = {
        "_defaults.yaml": "message: {sms: {sms: {content: {de: Hallo}}}}\n",
        "a.yaml": SMS.replace("{en: Hi}", "{$file: 'hi.{lang}.txt'}"),
        "hi.fr.txt": "Salut",
    }
    (message,) = project(files).sound.campaigns["a"].spec["messages"]
    assert message["sms"]["content"] == {"fr": "Salut"}


def test_null_removes_nothing(project: Check) -> None:
    files = {"_defaults.yaml": "spec: {description: far}\n", "a.yaml": SMS + "  description:\n"}
    assert project(files).errors == ["null is not allowed"]


def test_defaults_outside_the_project_and_ignored_ones_are_not_read(project: Check, tmp_path: Path) -> None:
    (tmp_path.parent / "_defaults.yaml").write_text("spec: {description: outside}\n")
    head = 'metadata: {name: t}\nignore: ["x/_defaults.yaml"]\n'
    files = {"campaignctl.yaml": head, "x/_defaults.yaml": "nonsense", "x/a.yaml": SMS}
    assert "description" not in project(files).sound.campaigns["x/a"].spec


def test_a_folder_whose_name_sorts_before_the_defaults_file_inherits_them(project: Check) -> None:
    files = {
        "_defaults.yaml": "spec: {description: far}\n",
        "A/_defaults.yaml": "spec: {labels: [near]}\n",
        "A/a.yaml": SMS,
    }
    assert project(files).sound.campaigns["A/a"].spec["description"] == "far"


def test_a_change_of_defaults_is_not_a_change_of_the_manifest(project: Check) -> None:
    manifest = {"a.yaml": MESSAGES, "one.txt": "one", "two.txt": "two"}
    sender = "message: {email: {email: {sender_name: A, sender_email: a@example.com}}}\n"
    plain, one, two = (
        project({**manifest, "_defaults.yaml": f"spec: {more}\n{sender}"}).sound
        for more in ("{}", "{description: {$file: one.txt}}", "{description: {$file: two.txt}}")
    )
    assert one.campaigns["a"].spec["description"] == "one"
    assert plain.campaigns["a"].source_digest == one.campaigns["a"].source_digest
    assert one.campaigns["a"].source_digest == two.campaigns["a"].source_digest
    assert len({plain.digest, one.digest, two.digest}) == 3


# ------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("defaults", "place", "message"),
    [
        ("metadata: {key: a}\n", "1:1", "`metadata` is not allowed"),
        ("matrix: {a: [b]}\n", "1:1", "`matrix` is not allowed"),
        ("specs: {}\n", "1:1", "unknown field `specs`"),
        ("spec: {nam: x}\n", "1:8", "unknown field `nam`"),
        ("spec: {name: ''}\n", "1:14", "must not be empty"),
        ("spec: {score: x}\n", "1:15", "expected a whole number, found `x`"),
        ("spec: {description: '${vars.x}'}\n", "1:21", "neither a variable nor a macro"),
        ("spec: {description: a, description: b}\n", "1:24", "`description` appears twice"),
        ("message: {pus: {}}\n", "1:11", "unknown field `pus`"),
        ("message: {push: {icon: x}}\n", "1:18", "one level deeper: `push: {push: {icon: ...}}`"),
        ("message: {push: {channel: push}}\n", "1:18", "`channel` is not allowed"),
        ("message: {push: {email: {}}}\n", "1:18", "unknown field `email`"),
        ("lifecycle: {on_destroy: delete}\n", "1:25", "'delete' is not one of"),
        ("- a\n", "1:1", "_defaults.yaml must hold exactly one object"),
        ("spec: {}\n---\nspec: {}\n", "3:1", "_defaults.yaml must hold exactly one object"),
        ("spec: [\n", "2:1", "not YAML"),
        ("", "1:1", "the file is empty"),
    ],
)
@pytest.mark.parametrize("below", [{}, {"a.yaml": SMS, "b.yaml": SMS}], ids=["alone", "two manifests"])
def test_a_mistake_in_defaults_is_reported_once_and_there(
    defaults: str, place: str, message: str, below: dict[str, str], project: Check
) -> None:
    found = places(project({**below, "_defaults.yaml": defaults}))
    assert [(where, message in said) for where, said in found] == [(f"_defaults.yaml:{place}", True)]


def test_a_mistake_found_in_the_whole_campaign_points_at_the_file_that_made_it(
    project: Check,
) -> None:
    files = {
        "_defaults.yaml": "spec: {scheduled_time: 2036-12-24 10:00:00}\nmessage: {sms: {primary_lang: de}}\n",
        "a.yaml": SMS + "  run_immediately: true\n",
    }
    assert sorted(places(project(files))) == [
        ("_defaults.yaml:1:24", "`scheduled_time` and `run_immediately` exclude each other"),
        ("_defaults.yaml:2:31", "`primary_lang` is de, but the content has only: en"),
    ]


def test_an_error_at_a_variable_that_is_the_whole_value_points_at_the_variable(project: Check) -> None:
    files = {
        "campaignctl.yaml": "metadata: {name: t}\nvariables:\n  lang: de\n",
        "_defaults.yaml": "message: {sms: {primary_lang: '${var.lang}'}}\n",
        "a.yaml": SMS,
    }
    checked = project(files)
    assert places(checked) == [("campaignctl.yaml:3:9", "`primary_lang` is de, but the content has only: en")]
    assert checked.findings[0].hint.endswith("_defaults.yaml:1:31")
    assert "`${var.lang}` is used at " in checked.findings[0].hint


def test_an_unknown_name_in_defaults_is_reported_with_the_key(project: Check) -> None:
    files = {"_defaults.yaml": "spec: {description: '${matrix.x}'}\n", "a.yaml": SMS}
    found: list[Finding] = list(project(files).findings)
    assert [(one.key, str(one.source).rpartition("/")[2]) for one in found] == [("a", "_defaults.yaml:1:21")]


def test_under_unreadable_defaults_no_field_is_reported_missing(project: Check) -> None:
    files = {
        "_defaults.yaml": "spec: [\n",
        "a.yaml": "spec: {messages: [{channel: email, email: {}}], x: 1}\n",
    }
    assert [where for where, _ in places(project(files))] == ["_defaults.yaml:2:1", "a.yaml:1:49"]


# ------------------------------------------------------------------------------------ properties

_NAMES = st.sampled_from(["name", "spec", "messages", "a", "$file"])
_VALUES = st.recursive(
    st.sampled_from(["x", "1", "~"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(_NAMES, inner, max_size=3).map(
            lambda fields: "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"
        )
    ),
    max_leaves=8,
)


def node(text: str) -> Node:
    return read("a.yaml", "a.yaml", text.encode())[0].documents[0]


def texts(tree: Node) -> list[str]:
    found: list[str] = []
    fingerprint(tree, found)
    return found


@settings(max_examples=2 * settings().max_examples)
@given(_VALUES)
def test_a_tree_merged_over_nothing_or_itself_is_unchanged(text: str) -> None:
    tree = node(text)
    assert texts(merged(tree, None)) == texts(tree)
    assert texts(merged(tree, node(text))) == texts(tree)
    assert texts(merged(tree, node("{}"))) == texts(tree)
    assert not isinstance(tree, MappingNode) or NO_DEFAULTS.under(tree) is tree


def test_empty_defaults_change_nothing(project: Check) -> None:
    files = {"a.yaml": SMS, "push/b.yaml": "matrix: {country: [DE, FR]}\n" + SMS}
    before = project(files).sound
    after = project(
        {**files, "_defaults.yaml": "spec: {}\n", "push/_defaults.yaml": "message: {sms: {}}\n"}
    ).sound
    assert after.campaigns == before.campaigns
    assert after.digest == before.digest


def test_content_a_level_too_high_is_reported_once(project: Check) -> None:
    whole = MESSAGES.replace("subject:", "sender_name: A, sender_email: a@example.com, subject:")
    checked = project({"_defaults.yaml": "message: {push: {icon: x}}\n", "a.yaml": whole})
    (error,) = checked.errors
    assert error.startswith("`icon` is not allowed: it is content, one level deeper")


@pytest.mark.parametrize(
    ("name", "least"), [("_defaults.yaml", "`message:`"), ("campaignctl.yaml", "`metadata: {name: ...}`")]
)
def test_an_empty_defaults_file_is_told_what_it_needs(name: str, least: str, project: Check) -> None:
    checked = project({name: "# nothing yet\n", "a.yaml": SMS})
    (found,) = [found for found in checked.findings if found.code == "empty"]
    assert least in found.hint
