"""An example for the code of every finding, grouped as an author meets them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from tools.reference.example import Example

_PUSH = "{name: A, channel: push, push: {title: {en: Hi}, landing_url: https://example.com}}"
_MESSAGES = f"  messages:\n    - {_PUSH}\n"
_OVERRIDE = """\
overrides:
- {guardrail: max_immediate_sends, keys: [welcome], until: 2036-12-01, reason: flash week}
"""
_SALE = f"spec:\n  name: Sale ${{matrix.country}}\n{_MESSAGES}"
_TWO = f"messages:\n  - {_PUSH}\n  - {_PUSH.replace('A,', 'B,').replace('Hi', 'Hello')}\n"
_SIX = "messages:\n" + f"  - {_PUSH}\n" * 6
_TEST = """\
ab_test:
  test_split: 30
  winning_metric: click_rate
  evaluation_window: 1D
  winner_delivery_mode: automatic
"""
_DEEP = "metadata: {a: " + "[" * 60 + "]" * 60 + "}\n"
_LAUGHS = "".join(
    f"  {name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcd", "bcde", strict=True)
)
_BOMB = "metadata:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n" + _LAUGHS

_FILES = (
    Example("syntax", "name: Sale: today\n", 'name: "Sale: today"\n'),
    Example("encoding", "name: Grüße\n", "name: Grüße\n", encoding="latin-1"),
    Example("control-character", 'name: "Sale\\a"\n', "name: Sale\n"),
    Example("empty", 'labels: ["sale"]\nname: ""\n', "name: Sale\n"),
    Example("too-large", f"# {'x' * (1 << 20)}\n", "name: N\n", shown="# a file of more than 1 MiB\n"),
    Example("nesting", _DEEP, "metadata: {a: []}\n", shown="metadata: {a: [[[[[[[[...]]]]]]]]}\n"),
    Example("tag", "name: !text Sale\n", "name: Sale\n"),
    Example(
        "merge-key",
        "metadata:\n  one: &one {a: 1}\n  two: {<<: *one}\n",
        "metadata:\n  one: &one {a: 1}\n  two: *one\n",
    ),
    Example("alias", "name: *brand\n", "name: ${var.brand}\n"),
    Example(
        "alias-bomb",
        _BOMB,
        "metadata: {a: x}\n",
        shown="metadata:\n  a: &a [x, x, ...]\n  b: &b [*a, *a, ...]\n  c: &c [*b, *b, ...]\n",
    ),
    Example(
        "documents",
        "--- {}\n" * 1_001,
        f"spec:\n  name: N\n{_MESSAGES}",
        "manifest",
        shown="--- {}\n--- {}\n# ... a thousand more\n",
    ),
    Example(
        "more-findings",
        "".join(f"field{number}: 1\n" for number in range(101)),
        "name: N\n",
        shown="field1: 1\nfield2: 2\n# ... a hundred more\n",
    ),
    Example("key-type", "metadata: {[a]: b}\n", "metadata: {a: b}\n"),
    Example("duplicate-key", "name: Sale\nname: Welcome\n", "name: Welcome\n"),
    Example("key-place", 'metadata: {"${var.brand}": 1}\n', 'metadata: {brand: "${var.brand}"}\n'),
)

_DOCUMENTS = (
    Example(
        "missing-member",
        "name: Sale\n" + _MESSAGES.replace("  messages", "messages").replace("    -", "  -"),
        f"spec:\n  name: Sale\n{_MESSAGES}",
        part="manifest",
    ),
    Example(
        "unknown-member", "scheduled_tme: 2036-12-24 10:00:00\n", "scheduled_time: 2036-12-24 10:00:00\n"
    ),
    Example("refused-member", "status: draft\n", "is_draft: true\n"),
    Example(
        "key",
        f"spec:\n  name: One\n{_MESSAGES}---\nspec:\n  name: Two\n{_MESSAGES}",
        f"metadata: {{key: one}}\nspec:\n  name: One\n{_MESSAGES}"
        f"---\nmetadata: {{key: two}}\nspec:\n  name: Two\n{_MESSAGES}",
        part="manifest",
    ),
    Example(
        "duplicate-campaign",
        f"metadata: {{key: sale}}\nspec:\n  name: One\n{_MESSAGES}"
        f"---\nmetadata: {{key: Sale}}\nspec:\n  name: Two\n{_MESSAGES}",
        f"metadata: {{key: sale}}\nspec:\n  name: One\n{_MESSAGES}"
        f"---\nmetadata: {{key: winter-sale}}\nspec:\n  name: Two\n{_MESSAGES}",
        part="manifest",
    ),
    Example(
        "path",
        f"lifecycle: {{ignore_changes: [message/0/priority]}}\nspec:\n  name: Sale\n{_MESSAGES}",
        f"lifecycle: {{ignore_changes: [messages/0/priority]}}\nspec:\n  name: Sale\n{_MESSAGES}",
        part="manifest",
    ),
    Example(
        "extra-known",
        f"extra: {{is_draft: true}}\nspec:\n  name: Sale\n{_MESSAGES}",
        f"spec:\n  name: Sale\n  is_draft: true\n{_MESSAGES}",
        part="manifest",
    ),
    Example(
        "unchecked",
        f"extra: {{new_member: 1}}\nspec:\n  name: Sale\n{_MESSAGES}",
        f"spec:\n  name: Sale\n{_MESSAGES}",
        part="manifest",
    ),
)

_LIFE = (
    Example(
        "winner",
        "lifecycle: {winner: Second}\nspec:\n  name: Sale\n" + textwrap.indent(_TWO + _TEST, "  "),
        "lifecycle: {winner: B}\nspec:\n  name: Sale\n" + textwrap.indent(_TWO + _TEST, "  "),
        part="manifest",
    ),
    Example(
        "moved",
        f"moved: {{from: welcome}}\nspec:\n  name: Sale\n{_MESSAGES}",
        f"moved: {{from: push/welcome}}\nspec:\n  name: Sale\n{_MESSAGES}",
        part="manifest",
    ),
    Example(
        "adopt",
        f'matrix: {{country: [DE, FR]}}\nadopt: "1030978"\n{_SALE}',
        'matrix: {country: [DE, FR], include: [{country: DE, id: "1030978"}]}\n'
        f"adopt: ${{matrix.id}}\n{_SALE}",
        part="manifest",
    ),
    Example(
        "removed",
        f"metadata: {{key: sale}}\nspec:\n  name: Sale\n{_MESSAGES}---\n"
        "kind: Removed\nmetadata: {key: sale}\n",
        f"metadata: {{key: sale}}\nspec:\n  name: Sale\n{_MESSAGES}---\n"
        "kind: Removed\nmetadata: {key: winter-sale}\n",
        part="manifest",
    ),
)

_VALUES = (
    Example("type", "labels: newsletter\n", "labels: [newsletter]\n"),
    Example("comment", "name: Half price #BlackFriday\n", 'name: "Half price #BlackFriday"\n'),
    Example("null", "description:\n", "description: For the books department\n"),
    Example(
        "choice",
        "channel: pus\n",
        'channel: sms\nintegration_id: "1996"\nsms: {content: {en: Hello}}\n',
        "message",
    ),
    Example("too-long", f"name: {'x' * 101}\n", "name: Sale\n", shown="name: xxxxxxxxxx... (101 of them)\n"),
    Example(
        "range",
        "recurrence: {pattern: {hour: 25, minute: 0, weekdays: [1], months: [1]}}\n",
        "recurrence: {pattern: {hour: 1, minute: 0, weekdays: [1], months: [1]}}\n",
    ),
    Example("form", f"{_TWO}{_TEST.replace('1D', 'a day')}", f"{_TWO}{_TEST}"),
    Example("number", "metadata: {version: 1.10}\n", 'metadata: {version: "1.10"}\n'),
    Example("time", "scheduled_time: 2036-12-24\n", "scheduled_time: 2036-12-24 00:00:00\n"),
)

_FILLED_IN = (
    Example("interpolation", "name: Welcome to ${vars.brand}\n", "name: Welcome to ${var.brand}\n"),
    Example(
        "file",
        "description: {$file: sales.txt}\n",
        "description: {$file: sale.txt}\n",
        files=(("sale.txt", "Sale"),),
    ),
    Example(
        "matrix",
        f"matrix: {{country: DE}}\nspec:\n  name: Sale ${{matrix.country}}\n{_MESSAGES}",
        f"matrix: {{country: [DE]}}\nspec:\n  name: Sale ${{matrix.country}}\n{_MESSAGES}",
        part="manifest",
    ),
)

_SENDING = (
    Example(
        "execution-option",
        "run_immediately: true\nscheduled_time: 2036-12-24 10:00:00\n",
        "scheduled_time: 2036-12-24 10:00:00\n",
    ),
    Example("draft-sends", "is_draft: true\nrun_immediately: true\n", "is_draft: true\n"),
    Example("recurrence", "recurrence: {}\n", 'recurrence: {cron: "30 12 * * 1"}\n'),
    Example("cron", 'recurrence: {cron: "30 12 * *"}\n', 'recurrence: {cron: "30 12 * * 1"}\n'),
    Example("label", "labels: ['books, music']\n", "labels: [books, music]\n"),
    Example("metadata-marker", "metadata: {campaignctl: {intent: x}}\n", "metadata: {owner: crm}\n"),
    Example("ab-test-missing", _TWO, _TWO + _TEST),
    Example("ab-test-unused", _TEST, "name: Sale\n"),
    Example("messages-per-channel", _SIX + _TEST, _TWO + _TEST),
    Example("test-split", _TWO + _TEST.replace("30", "130"), _TWO + _TEST),
    Example(
        "audience-code",
        "targeting: {countries: {items: [de], op: in}}\n",
        "targeting: {countries: {items: [DE], op: in}}\n",
    ),
    Example(
        "many-items",
        "channel: push\npush:\n  title: {en: Hi}\n  landing_url: https://example.com\n"
        "  actions: [{}, {}, {}, {}]\n",
        "channel: push\npush:\n  title: {en: Hi}\n  landing_url: https://example.com\n",
        "message",
    ),
)

_MESSAGE = (
    Example(
        "integration-missing",
        "channel: sms\nsms: {content: {en: Hello}}\n",
        'channel: sms\nintegration_id: "1996"\nsms: {content: {en: Hello}}\n',
        "message",
    ),
    Example(
        "channel-content",
        "channel: push\nsms: {content: {en: Hello}}\n",
        "channel: push\npush: {title: {en: Hello}, landing_url: https://example.com}\n",
        "message",
    ),
    Example(
        "template",
        'channel: push\ntemplate_id: "1024"\n',
        "channel: push\npush: {title: {en: Hello}, landing_url: https://example.com}\n",
        "message",
    ),
    Example(
        "primary-lang",
        'channel: sms\nintegration_id: "1996"\nprimary_lang: fr\nsms: {content: {en: Hello}}\n',
        'channel: sms\nintegration_id: "1996"\nprimary_lang: en\nsms: {content: {en: Hello}}\n',
        "message",
    ),
    Example(
        "language",
        'channel: sms\nintegration_id: "1996"\nsms: {content: {"in English": Hello}}\n',
        'channel: sms\nintegration_id: "1996"\nprimary_lang: en\nsms: {content: {en: Hello}}\n',
        "message",
    ),
    Example(
        "address",
        "channel: push\npush: {title: {en: Hello}, landing_url: example.com}\n",
        "channel: push\npush: {title: {en: Hello}, landing_url: https://example.com}\n",
        "message",
    ),
)

_PROJECT = (
    Example(
        "project",
        "metadata: {name: shop}\n",
        'metadata: {name: shop}\nignore: ["archive/**"]\n',
        "project",
        files=(("archive/campaignctl.yaml", "metadata: {name: archive}\n"),),
    ),
    Example("name", "variables: {the brand: Acme}\n", "variables: {the_brand: Acme}\n", "project"),
    Example("value", "time_zone: Europe/Belgrad\n", "time_zone: Europe/Belgrade\n", "project"),
    Example("required-version", 'required_version: "0.1"\n', 'required_version: ">=0.1"\n', "project"),
    Example(
        "environment",
        "default_environment: live\nenvironments: {production: {}}\n",
        "default_environment: production\nenvironments: {production: {}}\n",
        "project",
    ),
    Example("pattern", "manifests: [../shared/*.yaml]\n", "manifests: ['**/*.yaml']\n", "project"),
    Example("allow-env", "allow_env: [OCAMBA_TOKEN]\n", "allow_env: [CI_COMMIT_SHA]\n", "project"),
    Example(
        "api-host",
        "api: {url: https://gateway.example.com}\n",
        "api: {url: https://api.ocamba.com}\n",
        "project",
    ),
    Example(
        "rate-limit",
        "api: {rate_limit: {reserve_per_minute: 150}}\n",
        "api: {rate_limit: {reserve_per_minute: 15}}\n",
        "project",
    ),
    Example(
        "freeze",
        "guardrails: {freeze: [{from: 2036-12-24}]}\n",
        "guardrails: {freeze: [{from: 2036-12-24, to: 2036-12-26}]}\n",
        "project",
    ),
    Example(
        "override",
        _OVERRIDE.replace("[welcome]", "[wellcome]"),
        _OVERRIDE,
        "project",
    ),
    Example(
        "state",
        "environments: {staging: {state: {path: s.json}}, production: {state: {path: s.json}}}\n",
        "environments: {staging: {}, production: {}}\ndefault_environment: staging\n",
        "project",
    ),
)

#: The examples by chapter.
CHAPTERS: Mapping[str, tuple[Example, ...]] = {
    "YAML files": _FILES,
    "Documents": _DOCUMENTS,
    "Lifecycle": _LIFE,
    "Values": _VALUES,
    "Variables, files and matrices": _FILLED_IN,
    "Schedule and audience": _SENDING,
    "Messages": _MESSAGE,
    "Project file": _PROJECT,
}
EXAMPLES: tuple[Example, ...] = tuple(example for chapter in CHAPTERS.values() for example in chapter)
