"""An example of a finding: the wrong text, its message, and the correction."""

from __future__ import annotations

import tempfile
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from campaignctl import __version__
from campaignctl.errors import Finding
from campaignctl.manifest.load import check

#: What an example is a part of: the fields of `spec`, one message, a whole manifest, the project file.
Part = Literal["spec", "message", "manifest", "project"]

_NAME = "name: N\n"
_SMS = 'channel: sms\nintegration_id: "1996"\nsms: {content: {en: Hello}}\n'
_PROJECT = "metadata: {name: shop}\n"
_VARIABLES = "variables: {brand: Acme}\n"


@dataclass(frozen=True, slots=True)
class Example:
    """One finding. `wrong` causes it, `right` does not; both are a `part`.

    `files` are further texts, by file name. `shown` stands for a `wrong` that is too long to show.
    """

    code: str
    wrong: str
    right: str
    part: Part = "spec"
    files: tuple[tuple[str, str], ...] = ()
    shown: str = ""
    encoding: str = "utf-8"

    def found_in(self, text: str, encoding: str = "utf-8") -> tuple[Finding, ...]:
        """The findings in a project with this text."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, content in (*self._project(text), *self.files):
                path = root / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content.encode(encoding))
            _, findings = check(root, environment=None, environ={}, tool_version=__version__)
        return tuple(replace(each, message=each.message.replace(f"{folder}/", "")) for each in findings)

    def finding(self) -> Finding:
        """The finding of `wrong`. Raises LookupError for another code."""
        found = self.found_in(self.wrong, self.encoding)
        for finding in found:
            if finding.code == self.code:
                return finding
        raise LookupError(f"{self.code}: the example makes {[each.code for each in found]}")

    def _project(self, text: str) -> list[tuple[str, str]]:
        project, manifest = _PROJECT + _VARIABLES, _manifest(_NAME)
        if self.part == "project":
            project = _complete(text, "metadata:", _PROJECT) + ("" if "variables:" in text else _VARIABLES)
        elif self.part == "manifest":
            manifest = text
        elif self.part == "message":
            manifest = _manifest(_NAME, text)
        else:
            manifest = _manifest(_complete(text, "name:", _NAME), None if "messages:" in text else "")
        return [("campaignctl.yaml", project), ("welcome.yaml", manifest)]


def _manifest(fields: str, message: str | None = "") -> str:
    """A manifest of these fields and one message; None leaves the messages to the fields."""
    if message is not None:
        whole = _complete(_complete(message, "channel:", _SMS), "name:", "name: M\n")
        fields += "messages:\n-\n" + textwrap.indent(whole, "  ")
    return "spec:\n" + textwrap.indent(fields, "  ")


def _complete(text: str, field: str, lines: str) -> str:
    """A text with the lines before it, unless it has the field already."""
    return text if any(line.startswith(field) for line in text.splitlines()) else lines + text
