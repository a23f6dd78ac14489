"""Executable pages: their files are written, their commands run, the output compared.

A block of yaml or html whose first line names a path in a comment is that file. A block marked `console` has
commands behind `$ ` and what of their output matters: its lines appear in this order, and `…` stands for
anything. Other blocks are for reading only.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.cli.cli_process import Cli

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"(?:#|<!--) ([\w./-]+\.\w+)(?: -->)?\n")
SECONDS = 60


@dataclass(frozen=True)
class File:
    """A file to write."""

    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A line for the shell, and its expected output."""

    line: str
    said: tuple[str, ...]


def steps(text: str) -> Iterator[File | Command]:
    """The steps of a page, in order."""
    for language, body in _BLOCK.findall(text):
        named = _PATH.match(body)
        if named:
            yield File(named[1], body[named.end() :])
        elif language == "console":
            yield from _commands(body)


def _commands(body: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, said = part.partition("\n")
        yield Command(line.partition("  # ")[0].strip(), tuple(filter(str.strip, said.splitlines())))


class Shell:
    """A reader's shell: keeps its directory and its exported variables from one command to the next."""

    def __init__(self, folder: Path, extra: Mapping[str, str]) -> None:
        self.folder = folder
        self._extra = dict(extra)
        tools = folder.parent / "bin"
        tools.mkdir(exist_ok=True)
        program = tools / "campaignctl"
        words = " ".join(f"'{word}'" for word in Cli(folder).command())
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o755)
        self._path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        self._served: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._served:
            process.terminate()
            process.communicate(timeout=SECONDS)

    def do(self, step: File | Command) -> None:
        """Do a step; raises AssertionError if the page is wrong."""
        if isinstance(step, File):
            path = self.folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
        elif step.line.startswith("cd "):
            self.folder = self.folder / step.line.removeprefix("cd ")
        elif step.line.startswith("export "):
            name, _, value = step.line.removeprefix("export ").partition("=")
            self._extra.setdefault(name, value)
        elif step.line == "campaignctl sandbox":
            self._serve(step)
        else:
            compare(step, self._run(step))

    def _serve(self, step: Command) -> None:
        """Run the sandbox in the background, at a free port, until the end."""
        process = Cli(self.folder).start("sandbox", "--port", "0", stdout=subprocess.PIPE)
        self._served.append(process)
        assert process.stdout
        lines = filter(str.strip, process.stdout)
        said = "".join(line for _, line in zip(step.said, lines, strict=False))
        self._extra["OCAMBA_API_URL"] = url = said.split()[4]
        compare(step, said.replace(url, "http://127.0.0.1:8787"))

    def _run(self, step: Command) -> str:
        cli = Cli(self.folder, {**self._extra, "PATH": self._path})
        if step.line == "campaignctl apply":
            return cli.on_terminal("apply", typed="yes\n").out.replace("\r\n", "\n")
        if step.line.startswith("campaignctl ") and not set(step.line) & set("|&<>;"):
            ended = cli(*shlex.split(step.line)[1:])  # in a fork, which starts faster than an interpreter
            return ended.out + ended.err
        done = subprocess.run(
            step.line,
            shell=True,
            cwd=self.folder,
            env=cli.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stdout
        return done.stdout


def compare(step: Command, output: str) -> None:
    """Every line that the page shows is in the output, in this order."""
    left = [_plain(line) for line in output.splitlines()]
    for line in step.said:
        wanted = re.compile(".*".join(map(re.escape, _plain(line).split("…"))))
        while left and not wanted.fullmatch(left[0]):
            left.pop(0)
        assert left, f"$ {step.line}\nno line {line!r} in its place in:\n{output}"
        left.pop(0)


def _plain(line: str) -> str:
    """A line without colours and without its column."""
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).split())
