"""`preview`: of manifests, without a token, and next to manifests with errors."""

from __future__ import annotations

import pytest

from tests.cli.cli_process import Cli, Done

SALE = """\
spec:
  name: Sale
  messages:
    - {name: Text, channel: sms, integration_id: 1, sms: {content: {en: "Hi ${FIRST_NAME}", de: Hallo}}}
    - name: Push
      channel: push
      push: {title: {en: Sale}, body: {en: Today}, landing_url: https://shop.example}
"""


@pytest.fixture
def shop(cli: Cli) -> Cli:
    (cli.cwd / "campaignctl.yaml").write_text("metadata: {name: t}\npreview: {samples: {FIRST_NAME: Ana}}\n")
    (cli.cwd / "sale.yaml").write_text(SALE)
    return cli


def texts(done: Done) -> dict[tuple[str, str, str], str]:
    assert done.status == 0, done.err
    return {
        (each["key"], each["message"], each["lang"]): each.get("text", each.get("title"))
        for each in done.document
    }


def test_shows_every_message_and_language(shop: Cli) -> None:
    assert texts(shop("preview", "--format", "json")) == {
        ("sale", "Text", "en"): "Hi Ana",
        ("sale", "Text", "de"): "Hallo",
        ("sale", "Push", "en"): "Sale",
    }


def test_text_is_for_people(shop: Cli) -> None:
    done = shop("preview", "sale")
    assert done.status == 0
    assert "│ Hi Ana " in done.out
    assert "macros, with sample values: FIRST_NAME = Ana" in done.out
    assert "\x1b" not in done.out


def test_a_language_is_chosen(shop: Cli) -> None:
    done = shop("preview", "--lang", "de", "--format", "json")
    assert texts(done) == {("sale", "Text", "de"): "Hallo", ("sale", "Push", "de"): "Sale"}
    assert done.document[1]["fallback"] == ["title", "body"]


def test_what_is_no_language_is_refused(shop: Cli) -> None:
    done = shop("preview", "--lang", "EN")
    assert (done.status, done.out) == (64, "")
    assert "did you mean" in done.err or "there are de, en" in done.err


def test_samples_of_a_file_win(shop: Cli) -> None:
    (shop.cwd / "samples.json").write_text('{"FIRST_NAME": "Bo"}')
    done = shop("preview", "--sample", "samples.json", "--format", "json")
    assert texts(done)["sale", "Text", "en"] == "Hi Bo"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("first_name: Bo", "s.yaml:1:13", "did you mean FIRST_NAME?"),
        ("A: [1]", "s.yaml:1:4", "[type]"),
        ("A: 'x", "s.yaml:", "error"),
        ("- A", "s.yaml:1:1", "[type]"),
    ],
)
def test_a_sample_file_with_errors_names_its_place(shop: Cli, text: str, place: str, said: str) -> None:
    (shop.cwd / "samples").mkdir()
    (shop.cwd / "s.yaml").write_text(text)
    (shop.cwd / "campaignctl.yaml").write_text("metadata: {name: t}\nignore: [s.yaml]\n")
    done = shop("preview", "--sample", "s.yaml")
    assert (done.status, done.out) == (1, "")
    assert place in done.err
    assert said in done.err


def test_a_missing_sample_file_is_an_error(shop: Cli) -> None:
    done = shop("preview", "--sample", "none.yaml")
    assert (done.status, "Cannot read none.yaml" in done.err) == (1, True)


def test_sample_names_of_the_project_are_checked(shop: Cli) -> None:
    (shop.cwd / "campaignctl.yaml").write_text("metadata: {name: t}\npreview: {samples: {first-name: Ana}}\n")
    done = shop("validate")
    assert done.status == 1
    assert "campaignctl.yaml:2:33" in done.err + done.out
    assert "did you mean FIRSTNAME?" in done.err + done.out


def test_works_while_another_manifest_has_errors(shop: Cli) -> None:
    (shop.cwd / "bad.yaml").write_text("spec: {name: Bad, mesages: []}\n")
    done = shop("preview", "sale", "--format", "json")
    assert done.status == 0
    assert (len(done.document), done.err) == (3, "")
    every = shop("preview", "sal*", "--format", "json")
    assert (every.status, every.document) == (0, done.document)
    assert "in other manifests; to see them:\n  campaignctl validate" in every.err


def test_a_campaign_with_errors_cannot_be_shown(shop: Cli) -> None:
    (shop.cwd / "bad.yaml").write_text("spec: {name: Bad, mesages: []}\n")
    done = shop("preview", "bad")
    assert (done.status, done.out) == (1, "")
    assert "bad.yaml:1:19" in done.err
    everything = shop("preview", "--format", "json")
    assert everything.status == 1
    assert {each["key"] for each in everything.document} == {"sale"}
    assert "bad.yaml:1:19" in everything.err
    assert "other manifests" not in everything.err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad.yaml", "spec: {name: 'Bad\n"),
        ("bad.yaml", "spec: {name: Bad, name: Twice, messages: []}\n"),
        ("sub/bad.yaml", "metadata: {key: sale}\n" + SALE),
    ],
)
def test_other_errors_leave_the_rest(shop: Cli, name: str, text: str) -> None:
    (shop.cwd / name).parent.mkdir(exist_ok=True)
    (shop.cwd / name).write_text(text)
    done = shop("preview", "sale", "--format", "json")
    # A key that is declared twice has no preview: which one was meant is not known.
    assert done.status == int("sub/" in name)


def test_broken_defaults_hold_back_what_depends_on_them(shop: Cli) -> None:
    (shop.cwd / "sub").mkdir()
    (shop.cwd / "sub/_defaults.yaml").write_text("spec: {name: 'x\n")
    (shop.cwd / "sub/a.yaml").write_text(SALE)
    assert shop("preview", "sale").status == 0
    done = shop("preview", "sub/a")
    assert (done.status, done.out) == (1, "")
    assert "sub/_defaults.yaml" in done.err


@pytest.mark.parametrize("key", ["sael", "sal?x", "push/*"])
def test_a_key_that_matches_nothing_is_an_error(shop: Cli, key: str) -> None:
    done = shop("preview", key)
    assert (done.status, done.out) == (64, "")
    assert f"no manifest has the key {key}" in done.err
    if key == "sael":
        assert "did you mean sale?" in done.err


def test_a_channel_without_preview_is_said(shop: Cli) -> None:
    (shop.cwd / "adex.yaml").write_text(
        "spec: {name: A, messages: [{name: A, channel: adex, adex: {zone_id: 1}}]}\n"
    )
    assert "no message of push, email or sms: adex" in shop("preview").err
    alone = shop("preview", "adex")
    assert (alone.status, alone.out) == (1, "")
    assert "campaignctl explain adex" in alone.err


def test_an_empty_project_has_no_previews(cli: Cli) -> None:
    (cli.cwd / "campaignctl.yaml").write_text("metadata: {name: t}\n")
    assert cli("preview", "--format", "json").document == []
    assert cli("preview").status == 0


@pytest.mark.parametrize("words", [("--plan", "p", "--id", "1"), ("--id", "1", "sale")])
def test_options_that_contradict_each_other_are_refused(shop: Cli, words: tuple[str, ...]) -> None:
    assert shop("preview", *words).status == 64


# ------------------------------------------------------------------------------------------- pages


def test_a_page_is_written_to_standard_output_or_to_a_file(shop: Cli) -> None:
    done = shop("preview", "--format", "html")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("<!doctype html>")
    assert "<h1>Preview <bdi>t</bdi></h1>" in done.out
    assert "Hi Ana" in done.out
    written = shop("preview", "--format", "html", "-o", "page.html")
    assert (written.status, written.out) == (0, "")
    assert "The page is in page.html" in written.err
    assert (shop.cwd / "page.html").read_text() == done.out.removesuffix("\n")
    assert shop("preview", "sale", "--format", "html", "-o", "page.html").status == 0


def test_a_file_that_is_no_page_stays(shop: Cli) -> None:
    done = shop("preview", "--format", "html", "-o", "sale.yaml")
    assert (done.status, done.out) == (1, "")
    assert "sale.yaml already exists and is not a page of previews" in done.err
    assert (shop.cwd / "sale.yaml").read_text() == SALE


def test_a_page_says_what_could_not_be_shown(shop: Cli) -> None:
    (shop.cwd / "bad.yaml").write_text("spec: {name: Bad, messages: [{channel: sms, txt: 1}]}\n")
    done = shop("preview", "--format", "html")
    assert done.status == 1
    assert "Hi Ana" in done.out
    assert "What is wrong" in done.out
    assert "bad.yaml:1:" in done.out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("-o", "x.html"), "add --format html"),
        (("--format", "json", "-o", "x.html"), "add --format html"),
        (("--port", "8000"), "add --serve"),
        (("--serve", "--id", "1"), "leave out --plan, --id, --format and -o"),
        (("--serve", "--plan", "p.json"), "leave out --plan, --id, --format and -o"),
        (("--serve", "--format", "json"), "leave out --plan, --id, --format and -o"),
        (("--serve", "-o", "x.html"), "leave out --plan, --id, --format and -o"),
    ],
)
def test_options_that_do_nothing_together_are_refused(shop: Cli, words: tuple[str, ...], hint: str) -> None:
    done = shop("preview", *words)
    assert done.status == 64
    assert hint in done.err
    assert not (shop.cwd / "x.html").exists()


def test_a_dash_is_standard_output(shop: Cli) -> None:
    done = shop("preview", "--format", "html", "-o", "-")
    assert (done.status, done.out[:15]) == (0, "<!doctype html>")
