"""A mail in HTML, made of its plain text: the same words, the link as a button. Nothing is loaded from anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

_URL = re.compile(r"https?://[^\s<>\"']+|\{link\}")
#: Programs of mail know no style sheets worth the name: each paragraph bears its own.
_BODY = "margin:0;padding:24px 12px;background:#f3f5f5;color:#1d2b2a"
_CARD = (
    "max-width:34em;margin:0 auto;padding:28px 28px 12px;background:#ffffff;border:1px solid #dfe5e4;"
    "border-radius:12px;font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
)
_HEAD = "margin:0 0 20px;font-size:14px;font-weight:600;color:#0b6b5d"
_BUTTON = (
    "background:#0b6b5d;color:#ffffff;padding:14px 28px;border-radius:8px;text-decoration:none;font-weight:600;"
    "display:inline-block"
)
_FINE = "margin:0 0 20px;font-size:13px;color:#5f6c6b;word-break:break-all"


@dataclass(frozen=True)
class Block:
    """One paragraph, or the link by itself."""

    text: str
    is_link: bool = False

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


@dataclass(frozen=True)
class Letter:
    """The words of one mail, and how its button and its sender are called."""

    language: str
    title: str
    text: str
    link_label: str
    clinic: str = ""
    #: Said above the whole address, for who cannot press the button.
    fallback: str = ""

    def blocks(self) -> list[Block]:
        found = [block.strip() for block in re.split(r"\n\s*\n", self.text.strip())]
        return [Block(block, is_link=_URL.fullmatch(block) is not None) for block in found if block]

    def html(self) -> str:
        head = f'<p style="{_HEAD}">{escape(self.clinic)}</p>' if self.clinic else ""
        said = "".join(self._button(b) if b.is_link else _paragraph(b) for b in self.blocks())
        return (
            f'<!DOCTYPE html><html lang="{escape(self.language)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta name="color-scheme" content="light"><title>{escape(self.title)}</title></head>'
            f'<body style="{_BODY}"><div style="{_CARD}">{head}{said}</div></body></html>'
        )

    def _button(self, block: Block) -> str:
        url = escape(block.text)
        fallback = f"{escape(self.fallback)}<br>" if self.fallback else ""
        return (
            f'<p style="margin:24px 0 12px"><a href="{url}" style="{_BUTTON}">{escape(self.link_label)}</a></p>'
            f'<p style="{_FINE}">{fallback}{url}</p>'
        )


def _paragraph(block: Block) -> str:
    return f'<p style="margin:0 0 16px">{"<br>".join(escape(line) for line in block.lines)}</p>'
