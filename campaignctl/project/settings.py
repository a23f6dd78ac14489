"""The settings of a project as a state keeps them, and what changed since the last apply.

Variables are content: what they change is shown in the campaigns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from campaignctl.project.validators import duration, is_loopback
from campaignctl.schedule.times import iso

if TYPE_CHECKING:
    from campaignctl.project.model import Project, StateSettings

#: Fields of the project that are no settings, and why.
APART: Mapping[str, str] = {
    "directory": "where the checkout lies",
    "environment": "it chooses the state, which works with no other",
    "variables": "content: what they change is shown in the campaigns",
    "preview.samples": "it changes nothing that is sent",
    "private": "what follows from the places of states",
    "variable_sources": "positions in the file",
    "override_sources": "positions in the file",
    "manifest_sources": "positions in the file",
    "lint_sources": "positions in the file",
}
_NAMES = {
    "name": "metadata.name",
    "id": "metadata.id",
    "company_id": "account.company_id",
    "environment_names": "environments",
}
_WRITTEN = {"start": "from", "end": "to", "length": "duration"}
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
# With more items before, a new one is not compared with each of them: it counts as loosening.
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that differs from the one of the last apply.

    `path` is its path in the project file, with points. Of a list, each item that was added (`before` is
    None) or removed (`after` is None) is a change of its own. `loosens`: it may let an apply do more than
    before, or check less.
    """

    path: str
    before: Any
    after: Any
    loosens: bool

    @property
    def identity(self) -> Hashable:
        """Equal for two changes to the same setting, whatever it was before; of an item, to the same item."""
        before = _known(self.before) if is_list(self.path) else None
        return self.path, before, _known(self.after)


# ------------------------------------------------------------------------------------ what loosens


def _always(_before: Any, _after: Any) -> bool:
    return True


def _unless_new(before: Any, _after: Any) -> bool:
    """Removed or changed; new is stricter."""
    return before is not None


def _raised(before: Any, after: Any) -> bool:
    """None is no limit."""
    return before is not None and (after is None or after > before)


def _less_apart(before: Any, after: Any) -> bool:
    """None is no limit."""
    return before is not None and (after is None or _shorter(before, after))


def _lowered(before: Any, after: Any) -> bool:
    return bool(after < before)


def _longer(before: Any, after: Any) -> bool:
    return _milliseconds(after) > _milliseconds(before)


def _shorter(before: Any, after: Any) -> bool:
    return _milliseconds(after) < _milliseconds(before)


def _any_shorter(before: Any, after: Any) -> bool:
    """Fewer waits, or a shorter one."""
    return len(after) < len(before) or any(map(_shorter, before, after))


def _switched_off(before: Any, _after: Any) -> bool:
    return bool(before) and before != "off"


def _milliseconds(text: str) -> float:
    return duration(text).total_seconds()


def _any_item(_item: Any, _others: Sequence[Any]) -> bool:
    return True


def _no_item(_item: Any, _others: Sequence[Any]) -> bool:
    return False


def _wider_override(item: Any, before: Sequence[Any]) -> bool:
    """Whether no earlier override lifted the same for these keys and that long."""
    return len(before) > _MOST or not any(
        old["guardrail"] == item["guardrail"]
        and set(item["keys"]) <= set(old["keys"])
        and item["until"] <= old["until"]
        and old.get("against") in (None, item.get("against"))
        for old in before
    )


def _more_allowed(item: Any, before: Sequence[Any]) -> bool:
    """Whether a window is one more in which something is allowed; the first one forbids the rest."""
    allowing = [old for old in before if old["kind"] == "allow"]
    return item["kind"] == "allow" and bool(allowing) and not any(_alike(old, item) for old in allowing)


def _quieter(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether lint may report something less severely; what a rule has by itself is not known here."""
    ranks = ("off", "info", "warning", "error")
    changed = {code for code in {**before, **after} if before.get(code) != after.get(code)}
    return any(
        ranks.index(after.get(code, "off")) < ranks.index(before.get(code, "error")) for code in changed
    )


def _reaches_others(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a seed list is new, or its audience another one."""
    return any(before.get(name) != seeds for name, seeds in after.items())


def _alike(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two windows differ only in their reasons."""
    return {**old, "reason": ""} == {**new, "reason": ""}


def _less_frozen(item: Any, after: Sequence[Any]) -> bool:
    """Whether no window is left that forbids what this one did."""
    if item["kind"] == "allow":
        return not any(new["kind"] == "allow" and _in_scope(new, item) for new in after)
    return len(after) > _MOST or not any(_contains(new, item) for new in after)


def _in_scope(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return new["scope"] in ("both", old["scope"])


def _contains(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether a denying window forbids at least what another did."""
    if new["kind"] != "deny" or not _in_scope(new, old):
        return False
    if "cron" in old:
        same = new.get("cron") == old["cron"] and new["tz"] == old["tz"]
        return same and not _shorter(old["duration"], new["duration"])
    return "cron" not in new and bool(new["from"] <= old["from"] and new["to"] >= old["to"])


@dataclass(frozen=True, slots=True)
class Row:
    """Why a setting matters, and which changes of it loosen: of a value (before and after), or of a list (an
    item, and the items before for an added one, those left for a removed one)."""

    why: str
    loosens: Callable[[Any, Any], bool] = _always
    added: Callable[[Any, Sequence[Any]], bool] | None = None
    removed: Callable[[Any, Sequence[Any]], bool] = _no_item


#: Every setting. One without a row loosens whenever it changes.
ROWS: Mapping[str, Row] = {
    "metadata.name": Row("without an id, campaigns are known by it: a new name makes them foreign"),
    "metadata.id": Row("campaigns are known by it: another id makes them foreign", _unless_new),
    "required_version": Row("keeps versions out that lack a rule", _unless_new),
    "default_environment": Row("a command without -e acts on another account or state"),
    "environments": Row("the state of one that is gone is not looked at", added=_no_item, removed=_any_item),
    "account.company_id": Row("the pin of the account", _unless_new),
    "time_zone": Row("days, windows and the ends of overrides are read in it"),
    "manifests": Row(
        "campaigns whose files no pattern matches are canceled", added=_no_item, removed=_any_item
    ),
    "ignore": Row("campaigns whose files are ignored are canceled", added=_any_item),
    "allow_env": Row("more of the environment may get into texts", added=_any_item),
    "state": Row("another place has another memory of what was sent"),
    "state.encryption": Row("texts and ids can be read where the state is stored", _switched_off),
    "notify.url_env": Row("outcomes are told at another address, or at none"),
    "notify.on": Row("failures alone are told, or everything"),
    "overrides": Row("lifts a guardrail or rule", added=_wider_override),
    "api.url": Row("requests and the token go there"),
    "api.timeout": Row("a write counts as unknown, and as over, sooner", _shorter),
    "api.rate_limit.per_second": Row("more requests than the account allows", _raised),
    "api.rate_limit.per_minute": Row("more requests than the account allows", _raised),
    "api.rate_limit.reserve_per_minute": Row("less is kept for a halt", _lowered),
    "api.immediate": Row("two_step records a campaign before it sends"),
    "api.settle.waits": Row("fewer or earlier looks for a lost create", _any_shorter),
    "api.settle.horizon": Row("a lost create is posted again though it sends sooner", _shorter),
    "api.settle.repost_after": Row("a lost create is posted again sooner", _shorter),
    "api.markers": Row("campaigns without a marker cannot be found again", _switched_off),
    "api.hidden": Row("no read confirms this field", added=_any_item),
    "proofs": Row("a proof reaches other people", _reaches_others),
    "lint.severity": Row("findings are reported less severely", _quieter),
    "lint.waivers": Row("findings of a rule are not reported", added=_any_item),
    "guardrails.max_destroy_percent": Row("more may be destroyed", _raised),
    "guardrails.max_immediate_sends": Row("more may send at once", _raised),
    "guardrails.min_lead_time": Row("less time to stop a send", _shorter),
    "guardrails.max_plan_age": Row("older plans may send", _longer),
    "guardrails.twin_window": Row("the same content is sent again sooner", _shorter),
    "guardrails.max_sends_per_day": Row("more sends per day", _raised),
    "guardrails.max_arming_changes": Row("more campaigns are armed by one apply", _raised),
    "guardrails.require_targeting": Row("campaigns for everyone may be armed", _switched_off),
    "guardrails.require_labels": Row(
        "campaigns without this label may be armed", added=_no_item, removed=_any_item
    ),
    "guardrails.require_proof": Row("campaigns that no seeds have seen may be armed", _switched_off),
    "guardrails.max_proofs_per_day": Row("seeds may get more a day", _raised),
    "guardrails.forbid_immediate": Row("campaigns may send at once", _switched_off),
    "guardrails.collisions.within": Row("sends to the same people may be nearer", _less_apart),
    "guardrails.collisions.max_per_day": Row("the same people may get more a day", _raised),
    "guardrails.freeze": Row("fewer times are frozen", added=_more_allowed, removed=_less_frozen),
}


def is_list(path: str) -> bool:
    """Whether the items of a setting change one by one."""
    return path in ROWS and ROWS[path].added is not None


# -------------------------------------------------------------------------------- as values of JSON


def recorded(project: Project) -> dict[str, Any]:
    """Every setting of a project by its path, as JSON values, defaults written out."""
    return {path: _plain(value) for path, value in _walk(project, "") if path not in APART}


def _walk(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    from campaignctl.project.model import Setting, StateSettings

    for one in fields(value):
        path, part = prefix + _NAMES.get(one.name, one.name), getattr(value, one.name)
        if isinstance(part, StateSettings):
            yield path, place_of(part)
            yield f"{path}.encryption", part.encryption.method
        elif isinstance(part, Setting):
            yield from _walk(part, f"{path}.")
        elif path == "api.markers":
            yield path, "on" if part else "off"
        else:
            yield path, part


def place_of(state: StateSettings) -> str:
    """Where a state lies, in words."""
    if state.backend == "git":
        return f"{state.ref} of {state.remote}"
    if state.backend == "postgres":
        return f"{state.schema}.{state.name} of {state.url_env}"
    if state.backend == "http":
        locking = ("lock_address", "unlock_address", "lock_method", "unlock_method")
        own = (f"{name} {getattr(state, name)}" for name in locking if getattr(state, name))
        return ", ".join((state.address, *own))
    return state.url if state.backend == "object_store" else state.path


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return _length(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if is_dataclass(value):
        parts = ((_WRITTEN.get(one.name, one.name), getattr(value, one.name)) for one in fields(value))
        return {name: _plain(part) for name, part in parts if part not in (None, "", timedelta())}
    return value


def _length(length: timedelta) -> str:
    """A duration as the project file writes it."""
    rest, parts = length // timedelta(milliseconds=1), []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


# ----------------------------------------------------------------------------------------- changes


def changed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[SettingChange, ...]:
    """What changed from settings to others, what loosens first; nothing if one of the two is not known.

    A setting that was not recorded had its default: the version that recorded the others did not know it.
    """
    if before is None or after is None:
        return ()
    found = [
        change
        for path in {**after, **before}
        if (old := before.get(path, _defaults().get(path))) != (new := after.get(path))
        for change in _changes(path, old, new)
    ]
    return tuple(sorted(found, key=lambda change: not change.loosens))


@cache
def _defaults() -> Mapping[str, Any]:
    from campaignctl.project.model import Project

    return recorded(Project("", ""))


def _changes(path: str, old: Any, new: Any) -> Iterator[SettingChange]:
    row = ROWS.get(path, Row("unknown to this version"))
    if row.added is None:
        if path != "api.url" or not (_is_here(old) and _is_here(new)):
            yield SettingChange(path, old, new, _sure(row.loosens, old, new))
        return
    if not (isinstance(old, list) and isinstance(new, list)):
        yield SettingChange(path, old, new, loosens=True)
        return
    before, after = {_known(item) for item in old}, {_known(item) for item in new}
    for item in old:
        if _known(item) not in after:
            yield SettingChange(path, item, None, _sure(row.removed, item, new))
    for item in new:
        if _known(item) not in before:
            yield SettingChange(path, None, item, _sure(row.added, item, old))


def _sure(loosens: Callable[[Any, Any], bool], *values: Any) -> bool:
    """Whether a change loosens; a recorded value that this version cannot compare might."""
    try:
        return loosens(*values)
    except (TypeError, ValueError, LookupError, AttributeError):
        return True


def _is_here(url: Any) -> bool:
    """Whether an address is of this machine, where each sandbox has a port of its own."""
    return is_loopback(urlsplit(str(url)).hostname or "")


def _known(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
