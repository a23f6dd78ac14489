"""For each rule of lint: manifests with a finding at each mark, and manifests that nearly have one."""

# ruff: noqa: E501, RUF001 - a case is one line, and letters that look alike are on purpose

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

M = "§"
_LONG = "x" * 400


@dataclass(frozen=True)
class Case:
    """Two versions of the fields of a manifest's `spec`, or of other files: wrong, with marks, and right."""

    code: str
    wrong: str
    right: str
    wrong_files: dict[str, str] = field(default_factory=dict)
    right_files: dict[str, str] = field(default_factory=dict)
    #: Whether the texts are whole manifests, and not the fields of `spec`.
    whole: bool = False

    def files(self, *, right: bool) -> dict[str, str]:
        """The files of one version."""
        text = self.right if right else self.wrong
        manifest = text if self.whole else f"spec:\n  name: Sale\n{textwrap.indent(text, '  ')}"
        return {"a.yaml": manifest, **(self.right_files if right else self.wrong_files)}


def push(content: str = "", top: str = "") -> str:
    """A push; `content` are more fields of it, `top` more fields of the body."""
    own = content if content.startswith("title") else f"title: {{en: Hi there}}\n{content}"
    own = own if "landing_url" in own else f"{own}\nlanding_url: https://example.com"
    return (
        f"{top}\nmessages:\n  - name: One\n    channel: push\n    push:\n{textwrap.indent(own, '      ')}\n"
    )


def sms(text: str, top: str = "") -> str:
    """An SMS in English."""
    head = f'{top}\nmessages:\n  - name: One\n    channel: sms\n    integration_id: "1"\n    sms:\n'
    return f"{head}      content:\n        en: {text}\n"


def email(html: str = "<p>Hi</p>", content: str = "", top: str = "", lang: str = "en") -> str:
    """An email whose html is a block of the manifest."""
    own = "sender_name: Shop\nsender_email: crm@example.com\n"
    own += (content if "subject" in content else f"subject: Hello\n{content}").rstrip() + "\n"
    own += f"html:\n  {lang}: |\n" + textwrap.indent(html, "    ")
    head = f'{top}\nmessages:\n  - name: One\n    channel: email\n    integration_id: "1"\n    email:\n'
    return head + textwrap.indent(own, "      ") + "\n"


_TEST = "ab_test: {test_split: 30, winning_metric: click_rate, evaluation_window: 1D, winner_delivery_mode: manual}"


def two(one: str, other: str, test: str = _TEST) -> str:
    """Two pushes with these titles."""
    each = "  - name: {name}\n    channel: push\n    push: {{title: {{en: {title}}}, landing_url: https://a.example}}\n"
    first, second = each.format(name="A", title=one), each.format(name="B", title=other)
    return f"{test}\nmessages:\n{first}{second}"


def recurring(text: str, top: str = "") -> str:
    """A push with a recurrence."""
    return push("", f"recurrence: {text}\n{top}")


def html_file(source: str) -> dict[str, str]:
    """The side file of `FROM_FILE`."""
    return {"mail.html": source}


FROM_FILE = (
    'messages:\n  - name: One\n    channel: email\n    integration_id: "1"\n    email:\n'
    "      sender_name: Shop\n      sender_email: crm@example.com\n      subject: Hello\n"
    "      html: {en: {$file: mail.html}}\n"
)


def from_file(code: str, wrong: str, right: str) -> Case:
    """A case in a side file."""
    return Case(code, FROM_FILE, FROM_FILE, html_file(wrong), html_file(right))


CASES = (
    # ------------------------------------------------------------------------------ push
    Case("PSH001", push(f"body: {{en: {M}{'x' * 3950}}}"), push(f"body: {{en: {'x' * 3850}}}")),
    Case("PSH002", push(f"title: {{en: {M}{'a' * 36}}}"), push(f"title: {{en: {'a' * 35}}}")),
    Case("PSH002", push(f"title: {{ja: {M}{'あ' * 18}}}"), push(f"title: {{ja: {'あ' * 17}}}")),
    Case("PSH003", push(f"body: {{en: {M}{'a' * 51}}}"), push(f"body: {{en: {'a' * 50}}}")),
    Case("PSH004", push(f"{M}image: {{en: https://a.example/a.png}}"), push("icon: https://a.example/a.png")),
    Case("PSH005", push(f"{M}actions: [{{title: {{en: Go}}, url: https://a.example}}]"), push()),
    Case("PSH006", push(f'vibration: {M}"200"'), push("renotify: 1")),
    Case("PSH007", push(f'tag: {M}"sale"'), push("icon: https://a.example/a.png")),
    # ------------------------------------------------------------------------------- SMS
    Case("SMS001", sms(M + "a" * 161), sms("a" * 160)),
    Case("SMS002", sms(f"{'a' * 100}{M}“sale”"), sms(f"{'a' * 60}“sale”")),
    Case("SMS002", sms(f"{'a' * 100} it{M}’s"), sms("ж" * 100)),
    Case("SMS003", sms(f"see {M}bit.ly/abc now"), sms("see rabbit.ly/abc now")),
    Case("SMS003", sms(f"see https://{M}tinyurl.com/abc"), sms("see https://tinyurl.com.example/abc")),
    Case("SMS004", sms(f"{M}{'a' * 321}"), sms("a" * 320)),
    Case("SMS005", sms(M + "a" * 150 + "${OCMH_APP_NAME}"), sms("a" * 100 + "${OCMH_PROFILE_ID}")),
    # ----------------------------------------------------------------------------- email
    from_file("EML001", f"{M}{'ж' * 46_081}", "ж" * 46_080),
    from_file("EML002", f"<p>\n {M}<style>{'a' * 16_385}</style>", f"<p>\n <style>{'a' * 16_384}</style>"),
    from_file("EML003", f"{M}{'a' * 65_536}", "a" * 65_535),
    Case("EML004", email(content=f"subject: {M}{'a' * 79}"), email(content=f"subject: {'a' * 78}")),
    Case("EML005", email(content=f"preheader: {M}{'a' * 101}"), email(content=f"preheader: {'a' * 100}")),
    Case("EML006", email(content=f"subject: {M}{'a' * 49}"), email(content=f"subject: {'a' * 48}")),
    Case("EML007", email(content=f"preheader: {M}Look"), email()),
    from_file(
        "EML008", f"{M}<a href='https://a.example'>Home</a>", "<a href='https://a.example'>Unsubscribe</a>"
    ),
    from_file("EML008", f"{M}<p>Unsubscribe by mail</p>", "<a href='https://a.example/optout'>here</a>"),
    Case("EML008", email("<p>Hi</p>").replace("en: |", f"en: {M}|"), email("<p>Hallo</p>", lang="af")),
    from_file(
        "EML009",
        f"<p>\n  {M}<img src='https://a.example/a.png'>",
        "<img src='https://a.example/a.png' alt=''>",
    ),
    from_file(
        "EML009", f"{M}<IMG src=https://a.example/a.png>", "<!-- <img src=x> --><img width=1 height=1 src=x>"
    ),
    from_file("EML010", f"\n{M}<html><body>Hi</body></html>", '<html lang="en"><body>Hi</body></html>'),
    from_file("EML011", f"<div>{M}<table><tr><td>Hi</table>", "<table role=presentation></table>"),
    from_file("EML011", f"{M}<table><td></table><table></table>", "<table><tr><th>A</table>"),
    from_file(
        "EML012",
        f'<p>{M}<span style="color: #999; background-color: #fff">Hi</span>',
        '<span style="color: #767676; background: white">Hi</span>',
    ),
    from_file(
        "EML012",
        f'{M}<td bgcolor="#ffffff" style="color:rgb(200, 200, 200)">Hi</td>',
        '<td bgcolor="#ffffff" style="color:#ccc"><b>Hi</b></td><i style="background:#fff;color:#fff;display:none">a</i>',
    ),
    from_file("EML013", f"<p>a</p>\n{M}<script>alert(1)</script>", "<p>&lt;script></p><!-- <script> -->"),
    from_file("EML013", f"<a {M}x>{M}<iframe src=x>".replace(f"<a {M}x>", ""), "<p title='<iframe>'>a</p>"),
    from_file(
        "EML013",
        f'{M}<META http-equiv="Refresh" content="0">',
        '<meta http-equiv="X-UA-Compatible" content=x>',
    ),
    from_file(
        "EML013",
        f'{M}<a href="https://a.example" onclick="go()">Go</a>',
        '<a href="https://a.example" title=" on">Go</a>',
    ),
    from_file(
        "EML014",
        f"<p style='a:b;{M}position: absolute'>a",
        "<!-- <p style='position:absolute'> --><p>our position: top",
    ),
    from_file("EML014", f"<p>\n{M}<svg></svg>", "<p>svg"),
    # ----------------------------------------------------------------------------- links
    from_file(
        "LNK008", f'<a href="{M}http://a.example">Hi</a>', '<a href="https://a.example/?u=http://b">Hi</a>'
    ),
    Case("LNK001", push(f"icon: {M}http://a.example/a.png"), push("icon: https://a.example/a.png")),
    from_file("LNK002", f"<a href='{M}#'>Hi</a>", "<a href='#top'>Hi</a><a name=top></a>"),
    from_file("LNK002", f"<a href={M}javascript:go()>Hi</a>", "<a href=mailto:a@a.example>Hi</a>"),
    from_file("LNK002", f'<a href="{M}">Hi</a>', '<a href="https://a.example">Hi</a>'),
    from_file("LNK003", f"<a href={M}/shop>Hi</a>", "<a href=${SHOP}/shop>Hi</a>"),
    from_file("LNK003", f"<a href={M}www.a.example>Hi</a>", "<a href=tel:+49>Hi</a>"),
    Case(
        "LNK004",
        push(f"landing_url: {M}https://a.example/?utm_source=x"),
        push("landing_url: https://a.example/?utm_source=x", "utm_tracking: {enabled: 0}"),
    ),
    from_file(
        "LNK004",
        f'<a href="{M}https://a.example/?a=1&amp;utm_term=x">',
        '<a href="https://a.example/?to=utm_x">',
    ),
    Case(
        "LNK005",
        push(
            f"landing_url: {M}https://a.example/?utm_source=Mail",
            "utm_tracking: {enabled: 0, utm_source: mail}",
        ),
        push(
            "landing_url: https://a.example/?utm_source=mail", "utm_tracking: {enabled: 0, utm_source: mail}"
        ),
    ),
    Case(
        "LNK006",
        push("", f"callbacks: {{push: {{on_click: [{M}'http://a.example']}}}}"),
        push("", "callbacks: {push: {on_click: ['https://a.example']}}"),
    ),
    Case(
        "LNK007",
        push(f"landing_url: {M}https://a.example/{'a' * 2031}"),
        push(f"landing_url: https://a.example/{'a' * 2030}"),
    ),
    # ----------------------------------------------------------------------------- texts
    Case(
        "TXT001",
        push(f"title: {{en: A, de: B}}\n{M}body: {{en: A}}"),
        push("title: {en: A, de: B}\nbody: {en: A, de: B}"),
    ),
    Case(
        "TXT001",
        push("title: {en: A}\nbody: {en: A, de: B}").replace("title:", f"{M}title:"),
        push("title: {en: A, de: B}\nimage: {en: https://a.example}"),
    ),
    Case(
        "TXT002",
        push("", "targeting: {languages: {items: [en, de], op: in}}").replace("    push:", f"    {M}push:"),
        push("", "targeting: {languages: {items: [en], op: in}}"),
    ),
    Case(
        "TXT003",
        push("title: {de: Hallo}").replace("  - name", f"  - {M}name"),
        push("title: {de: Hallo, en: Hi}"),
    ),
    Case("TXT004", push(f"title: {{en: A, xx: {M}B}}"), push("title: {en: A, de: B}")),
    Case("TXT005", push(f"body: {{en: 'Hi {M}${{FIRST_NAME}}'}}"), push("body: {en: 'Hi ${OCMH_APP_NAME}'}")),
    Case(
        "TXT005",
        push("", f"description: {M}${{MY_OWN}}"),
        push("", "description: $${MY_OWN}").replace("$${", ""),
    ),
    Case(
        "TXT006",
        push(f"title: {{en: 'Hi {M}{{{{ first_name }}}}'}}"),
        push("title: {en: 'Hi {you}'}").replace("{you}", "{ you }"),
    ),
    Case("TXT006", push(f"title: {{en: 'Hi {M}{{{{var.brand}}}}'}}"), push("title: {en: '{{}}'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}$(var.brand)'}}"), push("title: {en: 'Only $(5)'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}*|FNAME|*'}}"), push("title: {en: 'a *|b'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}%FIRSTNAME%'}}"), push("title: {en: '50% OFF, 20% off'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}[[name]]'}}"), push("title: {en: 'Hi [name]'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}<%= name %>'}}"), push("title: {en: 'a <5% b>'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}%%name%%'}}"), push("title: {en: '100%% sure'}")),
    Case("TXT006", push(f"title: {{en: 'Hi {M}{{name}}'}}"), push("title: {en: 'Hi {1}'}")),
    Case("TXT006", push(f"title: {{en: '{M}{{% if x %}}Hi{M}{{% endif %}}'}}"), push("title: {en: '{%}'}")),
    from_file("TXT006", f"<p>Hi {M}{{{{name}}}}</p>", "<style>a{color:red}b{{x}}</style><!-- {{name}} -->"),
    from_file(
        "TXT006",
        f"<a href='https://a.example/?u={M}*|EMAIL|*'>a</a>",
        "<a href='https://a.example/?u=1'>a</a>",
    ),
    Case("TXT007", push(f"body: {{en: 'Sale {M}TODO text'}}"), push("body: {en: 'Mastodon, the todo list'}")),
    Case("TXT007", push(f"title: {{en: {M}test}}"), push("title: {en: A test of courage}")),
    from_file("TXT007", f"<p>\n{M}Lorem ipsum dolor", "<p title='Lorem ipsum'>"),
    Case("TXT008", two("Hi", "Hi").replace("  - name: B", f"  - {M}name: B"), two("Hi", "Ho")),
    Case(
        "TXT009",
        push(f"title: {{en: One two three four, de: {M}One two three four}}"),
        push("title: {en: Black Friday Sale, de: Black Friday Sale}"),
    ),
    Case("TXT010", push(f"title: {{ru: {M}Hello to all}}"), push("title: {ru: 'Привет, iPhone'}")),
    Case("TXT010", push(f"title: {{en: {M}Привет всем вам}}"), push("title: {en: Привет}")),
    Case("TXT010", push(f"title: {{en: Sa{M}lе today}}"), push("title: {en: Sale today}")),
    Case(
        "TXT011", push(f'title: {{en: "a {M}\u202eb"}}'), push('title: {en: "a \u202eb\u202c \u2066c\u2069"}')
    ),
    Case(
        "TXT012",
        email(content=f"subject: {M}|\n  Spring is here\n"),
        email(content="subject: |-\n  Spring is here\n"),
    ),
    Case("TXT012", push(f'title: {{en: {M}"a\\nb"}}'), push('title: {en: a}\nbody: {en: "a\\nb"}')),
    Case(
        "TXT012",
        email().replace("sender_name: Shop", f'sender_name: {M}"A\\r\\nBcc: x@a.example"'),
        email().replace("sender_name: Shop", 'sender_name: "A\\u00a0B"'),
    ),
    from_file(
        "TXT013", f"<p>Spring{M}\x0bis{M}\x92 here</p>", "<p>Spring\x0c is\r\n\there\u00a0</p>\ufeff\u200b"
    ),
    Case(
        "TXT013",
        sms("{$file: a.txt}"),
        sms("{$file: a.txt}"),
        {"a.txt": f"Sale\n to{M}\x0cday"},
        {"a.txt": "Sale\n\t today\u200d"},
    ),
    # ----------------------------------------------------------------------------- times
    Case(
        "TIM001",
        push("", f"scheduled_time: {M}2026-11-30 11:59:59"),
        push("", "scheduled_time: 2026-11-30 12:00:01"),
    ),
    Case(
        "TIM001",
        push("", f"scheduled_time: {M}2026-11-29 23:59:00\nsend_in_profile_time_zone: true"),
        push("", "scheduled_time: 2026-11-30 11:00:00\nsend_in_profile_time_zone: true"),
    ),
    Case(
        "TIM002",
        two("Hi", "Ho", "recurrence: {cron: 0 9 * * *}\n" + _TEST.replace("1D", f"{M}1D")),
        two("Hi", "Ho", "recurrence: {cron: 0 9 * * 1}\n" + _TEST),
    ),
    Case("TIM003", recurring(f"{{cron: {M}0 * * * *}}"), recurring("{cron: '0 8,12,16 * * *'}")),
    Case(
        "TIM004",
        push(
            "", f"scheduled_time: {M}2027-01-10 03:00:00\ntargeting: {{countries: {{items: [DE], op: in}}}}"
        ),
        push("", "scheduled_time: 2027-01-10 06:00:00\ntargeting: {countries: {items: [DE], op: in}}"),
    ),
    Case(
        "TIM004",
        push(
            "",
            f"{M}recurrence: {{pattern: {{hour: 23, minute: 0, weekdays: [1], months: [1]}}}}\nsend_in_profile_time_zone: true",
        ),
        push(
            "",
            "recurrence: {pattern: {hour: 21, minute: 0, weekdays: [1], months: [1]}}\nsend_in_profile_time_zone: true",
        ),
    ),
    Case(
        "TIM005",
        push("", f"send_if_profile_time_passed: {M}true"),
        push(
            "",
            "send_if_profile_time_passed: true\nsend_in_profile_time_zone: true\nscheduled_time: 2036-01-01 10:00:00",
        ),
    ),
    Case(
        "TIM005",
        push("", f"run_immediately: true\nsend_in_profile_time_zone: {M}true"),
        push("", "run_immediately: true"),
    ),
    Case("TIM006", recurring(f"{{cron: {M}'*/30 9 * * *'}}"), recurring("{cron: '30 9 * * *'}")),
    Case("TIM007", recurring(f"{{cron: {M}0 9 1 * 1}}"), recurring("{cron: 0 9 1 * *}")),
    Case(
        "TIM008",
        recurring(f"{{{M}pattern: {{hour: 9, minute: 0, weekdays: [1]}}}}"),
        recurring("{pattern: {hour: 9, minute: 0, weekdays: [1], months: [1]}}"),
    ),
    # -------------------------------------------------------------------------- audience
    Case(
        "AUD001",
        push("", f"targeting: {{countries: {{{M}items: [], op: in}}}}"),
        push("", "targeting: {countries: {items: [DE], op: in}}"),
    ),
    Case(
        "AUD002",
        push("", f"targeting: {{countries: {{items: [DE, {M}UK], op: in}}}}"),
        push("", "targeting: {countries: {items: [DE, GB], op: in}}"),
    ),
    Case(
        "AUD003",
        push("", f"targeting: {{languages: {{items: [en], op: {M}nin}}}}"),
        push("", "targeting: {languages: {items: [en], op: in}}"),
    ),
    Case(
        "AUD004",
        push("", f"targeting: {{{M}countries: {{items: [{', '.join(['DE'] * 271)}], op: in}}}}"),
        push("", f"targeting: {{countries: {{items: [{', '.join(['DE'] * 270)}], op: in}}}}"),
    ),
    Case(
        "AUD005",
        push(),
        push(),
        {
            "b.yaml": f"spec:\n  name: Other\n{textwrap.indent(push(), '  ').replace('  messages', f'  {M}messages', 1)}"
        },
        {
            "b.yaml": f"spec:\n  name: Other\n  targeting: {{countries: {{items: [DE], op: in}}}}{textwrap.indent(push(), '  ')}"
        },
    ),
    Case(
        "AUD006",
        push("", f"targeting: {{{M}segments: {{items: [a]}}}}"),
        push("", "targeting: {profile_age: {from: 1}}"),
    ),
    # -------------------------------------------------------------------------- manifest
    Case(
        "YML001",
        f"{M}spec:\n  name: Sale\n{textwrap.indent(push(), '  ')}",
        f"spec:\n  name: Sale\n  labels: [a]\n{textwrap.indent(push(), '  ')}",
        whole=True,
    ),
    Case("YML002", push("", f"labels: [a, b, {M}a]"), push("", "labels: [a, b, A]")),
    Case("YML003", push("", f"score: {M}3"), push()),
    Case(
        "YML003",
        push("", f"callbacks: {{push: {{{M}on_open: ['https://a.example']}}}}"),
        push("", "callbacks: {push: {on_click: ['https://a.example']}}"),
    ),
    Case(
        "YML004",
        push().replace("  - name: One\n    channel", f"  - {M}channel"),
        push(),
    ),
    Case(
        "YML005",
        two("Hi", "Ho", _TEST.replace("click_rate", f"{M}luck")),
        two("Hi", "Ho", _TEST.replace("click_rate", "open_rate")),
    ),
    Case("YML005", two("Hi", "Ho", f"{M}{_TEST.replace('test_split: 30, ', '')}"), two("Hi", "Ho")),
    Case(
        "YML006",
        f"spec:\n  name: {M}{'ж' * 51}\n{textwrap.indent(push(), '  ')}",
        f"spec:\n  name: {'ж' * 50}\n{textwrap.indent(push(), '  ')}",
        whole=True,
    ),
    Case(
        "YML007",
        f"messages:\n  - name: One\n    channel: adex\n    adex: {{zone_id: 1, number_of_messages: {M}11}}\n",
        "messages:\n  - name: One\n    channel: adex\n    adex: {zone_id: 1, number_of_messages: 10}\n",
    ),
    Case(
        "YML008",
        push(),
        push(),
        {"campaignctl.yaml": f"metadata: {{name: shop}}\nlint: {{severity: {{{M}SMS999: off}}}}\n"},
        {"campaignctl.yaml": "metadata: {name: shop}\nlint: {severity: {SMS002: off, PSH: info}}\n"},
    ),
    Case(
        "YML008",
        push(),
        push(),
        {"campaignctl.yaml": f'metadata: {{name: shop}}\nlint: {{severity: {{{M}"": off}}}}\n'},
    ),
    Case(
        "YML009",
        push(),
        push(),
        {
            "campaignctl.yaml": f"metadata: {{name: shop}}\nlint:\n  waivers:\n    - {M}{{code: YML001, until: 2026-11-29, reason: x}}\n"
        },
        {
            "campaignctl.yaml": "metadata: {name: shop}\nlint:\n  waivers:\n    - {code: YML001, until: 2026-11-30, reason: x}\n"
        },
    ),
    Case(
        "YML010",
        push(),
        push(),
        {
            "campaignctl.yaml": f"metadata: {{name: shop}}\nlint:\n  waivers:\n    - {M}{{code: YML001, keys: [b], until: 2027-01-01, reason: x}}\n"
        },
        {
            "campaignctl.yaml": "metadata: {name: shop}\nlint:\n  waivers:\n    - {code: YML001, keys: ['a*'], until: 2027-01-01, reason: x}\n"
        },
    ),
)
