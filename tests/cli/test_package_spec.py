"""What pipelines install: always by a hash, from a place that others can reach."""

from __future__ import annotations

import json

import pytest

from campaignctl.cli.package_spec import recorded_spec, requirement
from campaignctl.errors import UsageError

HASH = "0123456789abcdef" * 4
COMMIT = "0123456789" * 4
WHEEL = "https://files.example/x/campaignctl-1.2.3-py3-none-any.whl"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (f"campaignctl==1.2.3 --hash=sha256:{HASH}", None),
        (f"acme-campaignctl==1.2.3+acme.1 --hash=sha256:{HASH} --hash=sha256:{HASH}", None),
        (f"git+https://git.example/tools/campaignctl.git@{COMMIT}", None),
        (f"git+https://git.example/tools/campaignctl@{HASH}", None),
        (f"{WHEEL}#sha256={HASH}", f"campaignctl @ {WHEEL} --hash=sha256:{HASH}"),
        (f"{WHEEL}  --hash=sha256:{HASH}", f"campaignctl @ {WHEEL} --hash=sha256:{HASH}"),
    ],
)
def test_a_package_with_a_hash_is_accepted(spec: str, expected: str | None) -> None:
    assert requirement(spec) == (expected or spec)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("campaignctl", "a version and its SHA-256"),
        ("campaignctl==1.2.3", "a version and its SHA-256"),
        (f"campaignctl>=1.2.3 --hash=sha256:{HASH}", "a version and its SHA-256"),
        (f"campaignctl==1.2.3 --hash=md5:{HASH}", "a version and its SHA-256"),
        (f"campaignctl==1.2.3 --index-url=https://x --hash=sha256:{HASH}", "a version and its SHA-256"),
        (f'campaignctl==1.2.3"; rm -rf / --hash=sha256:{HASH}', "a version and its SHA-256"),
        (f"campaignctl==1.2.3 --hash=sha256:{HASH}\n$(id)", "a version and its SHA-256"),
        (WHEEL, "SHA-256"),
        (f"{WHEEL}#sha256={HASH[1:]}", "SHA-256"),
        (WHEEL.replace("https", "http") + f"#sha256={HASH}", "https address"),
        ("https://files.example/campaignctl-1.2.3.tar.gz#sha256=" + HASH, "wheel"),
        ("git+https://git.example/campaignctl", "full commit"),
        ("git+https://git.example/campaignctl@main", "full commit"),
        (f"git+https://git.example/campaignctl@{COMMIT[:12]}", "full commit"),
        (f"git+ssh://git.example/campaignctl@{COMMIT}", "full commit over https"),
        (f"git+https://me:secret@git.example/campaignctl@{COMMIT}", "credentials"),
        (f"https://me:secret@files.example/campaignctl-1-py3-none-any.whl#sha256={HASH}", "credentials"),
    ],
)
def test_a_package_that_can_change_is_refused(spec: str, reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        requirement(spec)
    assert reason in refused.value.summary
    assert "secret" not in f"{refused.value.summary}{refused.value.detail}"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, None),
        ({"url": "file:///home/me/campaignctl", "dir_info": {"editable": True}}, None),
        ({"url": f"file://{WHEEL[14:]}", "archive_info": {"hashes": {"sha256": HASH}}}, None),
        ({"url": WHEEL, "archive_info": {}}, None),
        (
            {"url": WHEEL, "archive_info": {"hashes": {"sha256": HASH}}},
            f"campaignctl @ {WHEEL} --hash=sha256:{HASH}",
        ),
        (
            {"url": "https://git.example/c", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"git+https://git.example/c@{COMMIT}",
        ),
        ({"url": "ssh://git@git.example/c", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, None),
    ],
)
def test_the_package_that_runs_is_used_if_others_can_fetch_it(said: object, expected: str | None) -> None:
    assert recorded_spec(None if said is None else json.dumps(said)) == expected
