"""Broken builds that let a checkout decide what only the environment of a run may."""

from __future__ import annotations

from tests.torture.mutants import Edit, Mutant

_FILES = "campaignctl/yamlio/files.py"
_INTERPOLATE = "campaignctl/yamlio/interpolate.py"

OF_TRUST = (
    Mutant(
        "a link of the checkout is followed out of the project",
        (
            Edit(
                _FILES,
                "top or real.startswith(below)",
                "top or posixpath.join(top, relative).startswith(below)",
            ),
        ),
        ("tests/manifest/test_links.py",),
        "",
    ),
    Mutant(
        "the files of git are texts like any other",
        (Edit(_FILES, 'if ".git" in inner.split("/"):', 'if inner == ".git":'),),
        ("tests/manifest/test_links.py",),
        "",
    ),
    Mutant(
        "a variable that holds the token under another name may be used",
        (
            Edit(
                _INTERPOLATE,
                '        if holds_token(environ.get(name, ""), environ):\n',
                "        if name == TOKEN_VARIABLE:\n",
            ),
        ),
        ("tests/manifest/test_interpolation.py",),
        "",
    ),
    Mutant(
        "a child process gets the token under another name",
        (
            Edit(
                "campaignctl/backends/git/command.py",
                " and not holds_token(value, environ)\n    }",
                "\n    }",
            ),
        ),
        ("tests/e2e/test_hostile_checkout.py",),
        "",
    ),
    Mutant(
        "a project with another id takes its state for new",
        (
            Edit(
                "campaignctl/reconciler/other_states.py",
                "other_states(project, elsewhere, remote=True, foreign=True)",
                "other_states(project, elsewhere, remote=True)",
            ),
        ),
        ("tests/reconciler/test_environments.py",),
        "",
    ),
    Mutant(
        "a log takes commands from foreign text",
        (
            Edit(
                "campaignctl/cli/console.py",
                'text = _COMMAND.sub(r"#\\\\u0023", self.redacted(text))',
                "text = self.redacted(text)",
            ),
        ),
        ("tests/e2e/test_hostile_text.py",),
        "",
    ),
    Mutant(
        "where the environment names no server, an address of none gets the password",
        (
            Edit(
                "campaignctl/backends/http/credentials.py",
                "for each in _PREFIXES} - {None}",
                "for each in _PREFIXES}",
            ),
        ),
        ("tests/backends/test_http_credentials.py",),
        "",
    ),
)
