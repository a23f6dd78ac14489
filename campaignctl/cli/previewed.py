"""What `preview` is asked to show: the manifests of keys, sample values of macros, and languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campaignctl.cli.files import read_bytes
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from campaignctl.content.model import Preview
    from campaignctl.manifest.load import Shown
    from campaignctl.project.model import Project

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class ReadManifests:
    """The manifests as they are now: what was asked for, and the previews of what has no errors."""

    shown: Shown
    asked: list[str]
    found: list[Preview]

    @property
    def faulty(self) -> list[str]:
        """What has errors."""
        return [key for key in self.asked if key in self.shown.faulty]

    @property
    def bare(self) -> list[str]:
        """What has no message that is shown."""
        return sorted(set(self.asked) - set(self.faulty) - {preview.key for preview in self.found})


def read_manifests(
    app: App, patterns: Sequence[str], langs: Sequence[str], sample: str | None
) -> ReadManifests:
    """Read the manifests of these keys or patterns, without any all of them, with the samples of a file.

    Raises UsageError for a key that no manifest declares, and for a language of no text.
    """
    from campaignctl.content.previews import previews
    from campaignctl.manifest.load import load_shown

    shown = load_shown(project_directory(app.settings), **app.settings.inputs, only=patterns)
    asked = _asked(shown, patterns)
    samples = samples_of(shown.project, sample)
    specs = {key: shown.campaigns[key].spec for key in asked if key in shown.campaigns}
    check_languages(langs, specs.values())
    found = [
        preview
        for key, spec in specs.items()
        for preview in previews(key, spec, samples=samples, langs=langs)
    ]
    return ReadManifests(shown, asked, found)


def _asked(shown: Shown, patterns: Sequence[str]) -> list[str]:
    """The declared keys that were asked for, in their order. Raises UsageError for a pattern without one."""
    from campaignctl.manifest.origins import no_such_key

    known = sorted({*shown.campaigns, *shown.faulty})
    asked = chosen(patterns, known, lambda pattern: no_such_key(pattern, known))
    return [key for key in known if key in asked]


def chosen(patterns: Sequence[str], known: Collection[str], unknown: Callable[[str], UsageError]) -> set[str]:
    """The known keys that the patterns name, or all without one. Raises `unknown` of one that names none."""
    from campaignctl.campaign.keys import named

    found = {pattern: named(pattern, known) for pattern in patterns}
    for pattern, those in found.items():
        if not those:
            raise unknown(pattern)
    return set().union(*found.values()) if found else set(known)


def samples_of(project: Project | None, sample: str | None) -> dict[str, str]:
    """The sample values of the project, and over them those of a file."""
    own = dict((project.preview.samples if project else None) or {})
    if sample is None:
        return own
    from campaignctl.project.loader import read_samples

    return own | read_samples(sample, read_bytes(sample))


def check_languages(langs: Sequence[str], bodies: Iterable[Mapping[str, Any]]) -> None:
    """Raise UsageError for what can be no language, and is none of the texts."""
    unlike = [lang for lang in langs if not _LANGUAGE.fullmatch(lang)]
    if not unlike:
        return
    from campaignctl.content.previews import previews

    known = {preview.lang for body in bodies for preview in previews("", body, samples={})}
    for lang in unlike:
        if lang not in known:
            raise UsageError(
                f"--lang {lang}: no text has this language",
                hint=did_you_mean(lang, sorted(known), f"there are {', '.join(sorted(known)) or 'none'}"),
            )
