"""Texts of YAML as people write them: every style, indentation and place for a comment, drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

KEYS = ["spec", "name", "messages", "channel", "push", "labels", "metadata", "zz", "kind", '"q k"', "a"]
PLAIN = ["NO", "0123", "1.10", "12:30", "2036-03-22 10:00:00", "on", "~", "", "${var.x}", "a b", "x#y", "-"]
QUOTED = ['"a\\n\\u00e9 # no"', "'it''s'", '"two\n   lines"', "'x\n\n  y'", '"\\\n   z"']
FLOW = ["[a, b]", "{a: b, c: [d]}", "[\n  a, # in\n  b\n]", "{}", "[]"]
BLOCK = ["|", ">", "|-", ">+", "|+", "|2", ">2-"]
TEXTS = [["a"], ["a", "  b", "c"], ["a", "", "b", ""], ["# no comment", "b: c"], ["- x", "\ty"]]


class _Drawn:
    """A text being built: its lines, and the comments inserted into it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.lines: list[str] = []
        self.comments: list[str] = []
        self._anchors: list[str] = []

    def pick(self, *of: object) -> object:
        return self._draw(st.sampled_from(of))

    def chance(self, one_in: int) -> bool:
        return self._draw(st.integers(1, one_in)) == one_in

    def comment(self) -> str:
        self.comments.append(f"# c{len(self.comments)}.")
        return self.comments[-1]

    def between(self) -> None:
        """Perhaps blank lines or comments, in whatever column."""
        while self.chance(5):
            blank = self.chance(3)
            self.lines.append("" if blank else " " * self._draw(st.integers(0, 8)) + self.comment())

    def aside(self) -> str:
        return f"{' ' * self._draw(st.integers(1, 3))}{self.comment()}" if self.chance(6) else ""

    def fields(self, column: int, depth: int, first: str = "") -> None:
        """Fields at a column; the first one is written after `first` if that is given."""
        keys = self._draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
        for number, key in enumerate(keys):
            margin = " " * column
            if number == 0 and first:
                margin = first
            else:
                self.between()
            self.value(f"{margin}{key}:", column, depth, item=False)

    def items(self, column: int, depth: int) -> None:
        for _ in range(self._draw(st.integers(1, 3))):
            self.between()
            self.value(f"{' ' * column}-", column, depth, item=True)

    def value(self, opening: str, column: int, depth: int, *, item: bool) -> None:
        kind = self.pick("plain", "plain", "quoted", "flow", "block", "fields", "items", "alias")
        if depth == 0 and kind in {"fields", "items"}:
            kind = "plain"
        if kind in {"fields", "items"}:
            self.collection(opening, column, depth, kind == "fields", item)
        elif kind == "block":
            self.block(opening, column)
        else:
            self.leaf(opening, column, str(kind))

    def leaf(self, opening: str, column: int, kind: str) -> None:
        if kind == "alias" and self._anchors:
            text = f"*{self.pick(*self._anchors)}"
        else:
            text = str(self.pick(*{"quoted": QUOTED, "flow": FLOW}.get(kind, PLAIN)))
        if text[:1] not in {"*", ""} and self.chance(8):
            text = f"&{self.anchor()} {text}"
        text = text.replace("\n", "\n" + " " * (column + 1))
        apart = " " * self._draw(st.integers(1, 3))
        if text and self.chance(8):
            apart = f"{self.aside()}\n{' ' * (column + 1)}{apart}"
        self.lines += f"{opening}{apart}{text}{self.aside()}".split("\n")

    def block(self, opening: str, column: int) -> None:
        sign = str(self.pick(*BLOCK))
        inner = column + (2 if "2" in sign else self._draw(st.integers(1, 4)))
        self.lines.append(f"{opening} {sign}{self.aside()}")
        texts = self.pick(*TEXTS)
        assert isinstance(texts, list)
        self.lines += [" " * inner + text if text else text for text in texts]

    def collection(self, opening: str, column: int, depth: int, fields: bool, item: bool) -> None:
        inner = column + self._draw(st.integers(1, 4))
        anchor = f" &{self.anchor()}" if self.chance(8) else ""
        if item and fields and not anchor and self.chance(2):
            self.fields(inner + 1, depth - 1, f"{opening}{' ' * (inner - column)}")
            return
        self.lines.append(f"{opening}{anchor}{self.aside()}")
        if fields:
            self.between()
            self.fields(inner, depth - 1)
        else:
            self.items(inner if item or self.chance(2) else column, depth - 1)

    def anchor(self) -> str:
        name = str(self.pick("x", "y", "z"))
        self._anchors.append(name)
        return name


@st.composite
def yaml_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text of one document or more, and the comments in it; not every one is sound YAML."""
    drawn = _Drawn(draw)
    for number in range(draw(st.integers(1, 2))):
        if number:
            drawn.lines.append("---" + drawn.aside())
        drawn.between()
        drawn.fields(0, draw(st.integers(0, 4)))
        drawn.between()
    end = draw(st.sampled_from(["\n", "", "\n\n"]))
    return "\n".join(drawn.lines) + end, drawn.comments
