"""Random bodies of campaigns, as people make them by hand and with the worst texts that they may hold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

FAR = "2036-03-22 10:00:00"
#: What a JSON text can hold, without control characters, which no manifest can have.
_LETTERS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")
_SAMPLES = st.sampled_from(
    ["yes", "1.10", "~", "a: b", " #c", "${NAME}", "${x}", "$${X}", "{a}", "- x", "'\"", "\u2028", "..."]
)
TEXTS = st.lists(st.one_of(_SAMPLES, st.text(_LETTERS, max_size=12)), min_size=1, max_size=4).map("".join)
SHOWN = TEXTS.filter(lambda text: text.strip() != "")
#: Texts of one line, as names and subjects are.
LINES = SHOWN.map(lambda text: " ".join(text.split()).replace("\ufeff", "")[:60]).filter(bool)
LANGUAGES = st.lists(st.sampled_from(["en", "de", "fr", "pt-BR"]), min_size=1, max_size=3, unique=True)


@st.composite
def _localised(draw: st.DrawFn, texts: st.SearchStrategy[str], languages: list[str]) -> dict[str, str]:
    return {language: draw(texts) for language in languages}


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message of any channel."""
    languages = draw(LANGUAGES)
    made: dict[str, Any] = {"name": draw(LINES), "channel": draw(st.sampled_from(["push", "email", "sms"]))}
    made |= draw(
        st.sampled_from([{}, {"primary_lang": languages[-1]}, {"priority": 3, "primary_lang": languages[0]}])
    )
    if "en" not in languages:
        made.setdefault("primary_lang", languages[0])
    match made["channel"]:
        case "push":
            content: dict[str, Any] = {
                "title": draw(_localised(SHOWN, languages)),
                "body": draw(_localised(SHOWN, languages)),
            }
            content |= draw(st.sampled_from([{}, {"icon": "https://example.com/i.png"}]))
            content["landing_url"] = "https://x.io"
        case "email":
            pages = st.builds("<p>{}</p>\n".format, SHOWN).flatmap(lambda t: st.sampled_from([t, t * 30]))
            content = {
                "sender_name": draw(LINES),
                "sender_email": draw(st.sampled_from(["crm@example.com", "CRM@Example.com"])),
                "subject": draw(LINES),
                "html": draw(_localised(pages, languages)),
            }
        case _:
            content = {"content": draw(_localised(SHOWN, languages))}
    if made["channel"] != "push":
        made["integration_id"] = draw(st.sampled_from(["1830", "007"]))
    return {**made, str(made["channel"]): content}


_CHOICE = st.builds(
    lambda items: {"items": items, "op": "in"}, st.lists(LINES, min_size=1, max_size=3, unique=True)
)
_TIMES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"scheduled_time": FAR},
        {"is_draft": True},
        {"recurrence": {"cron": "0 10 1 1 *"}},
        {"recurrence": {"pattern": {"hour": 7, "minute": 0, "weekdays": [1, 5], "months": [1, 6]}}},
        {"scheduled_time": FAR, "send_in_profile_time_zone": True, "send_if_profile_time_passed": True},
    ]
)
_REST: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "description": SHOWN,
        "labels": st.lists(LINES.filter(lambda text: "," not in text), min_size=1, max_size=3, unique=True),
        "metadata": st.dictionaries(
            LINES.filter(lambda name: name != "campaignctl" and "${" not in name),
            SHOWN,
            min_size=1,
            max_size=2,
        ),
        "quiet_hours": st.just({"from": "22:00", "list": [1, "1", True, None]}).map(
            lambda _: {"from": "22:00"}
        ),
        "targeting": st.fixed_dictionaries(
            {},
            optional={
                "profile_age": st.just({"from": 0, "to": 9}),
                "os": _CHOICE,
                "countries": st.just({"items": ["NO"], "op": "in"}),
            },
        ).filter(bool),
        "utm_tracking": st.sampled_from(
            [{"enabled": 0}, {"enabled": 1, "utm_source": "mine"}, {"utm_medium": "x"}]
        ),
        "deal_id": st.sampled_from(["77", "0077"]),
    },
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The body of a create call."""
    return {"name": draw(LINES), "messages": [draw(messages())], **draw(_TIMES), **draw(_REST)}
