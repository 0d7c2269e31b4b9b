"""The one module that encodes for HTML: whatever stands in a folder passes here on its way into a page.

Everything returns `Markup`, text that is already HTML. Jinja leaves it alone, and encoding it again changes nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import nh3
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

__all__ = ["attr", "json_script", "markdown", "safe_html", "text", "url"]

# Controls (but tab and newline), marks that turn the reading direction, invisible spaces, lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff]"
)
_LINE_BREAKS = {"\n": "&#10;", "\t": "&#9;"}
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")
_SCHEME = re.compile(r"[^/?#]*?:")
_SCHEMES = {"http", "https", "mailto"}
_URL_SAFE = "%/:?#[]@!$&'()*+,;=~"
_SCRIPT_ESCAPES = {sign: f"\\u{ord(sign):04x}" for sign in "<>&"}
_MAX_EXACT_INT = 2**53

_TAGS = (
    "a abbr b blockquote br caption code col colgroup dd del details dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark "
    "ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var"
)
_ATTRIBUTES = {"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}, "td": {"colspan"}, "th": {"colspan"}}
_ALIGNED = {"dlviz-left", "dlviz-center", "dlviz-right"}
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes=_ATTRIBUTES,
    allowed_classes={"td": _ALIGNED, "th": _ALIGNED},
    url_schemes=_SCHEMES,
    url_relative="deny",  # a link into the folder would lead nowhere: the folder is not published
    link_rel="noopener noreferrer nofollow",
)


def text(value: object) -> Markup:
    """Encode for text and quoted attributes; characters nobody can see become escapes that can be read ("\\u202e")."""
    if isinstance(value, Markup):
        return value
    return escape(_visible(str(value)))


def attr(value: object) -> Markup:
    """Encode for a quoted attribute: as `text`, with line breaks and tabs kept through HTML's normalisation."""
    encoded = str(text(value))
    return Markup("".join(_LINE_BREAKS.get(c, c) for c in encoded))  # noqa: S704  (encoded one line above)


def url(address: str) -> Markup:
    """Encode an address for href or src; "" unless it is relative, http, https or mailto. "//host" is not relative."""
    if _NOT_IN_URL.search(address) or address.startswith("//"):
        return Markup("")
    if (scheme := _SCHEME.match(address)) and scheme[0][:-1].lower() not in _SCHEMES:
        return Markup("")
    return escape(quote(address, safe=_URL_SAFE, errors="surrogatepass"))


def json_script(data: Any) -> Markup:
    """JSON to stand inside a script element: NaN and infinities are null, integers beyond 2**53 are strings."""
    dumped = json.dumps(_plain(data), allow_nan=False, separators=(",", ":"))  # ASCII: no U+2028, no surrogates
    for sign, escaped in _SCRIPT_ESCAPES.items():  # several times faster than `translate` where there are none
        dumped = dumped.replace(sign, escaped)
    return Markup(dumped)  # noqa: S704  (no "<" is left to end the script)


def safe_html(html: str) -> Markup:
    """HTML from a folder, reduced to marks of text: no images, ids or styles; links only to http(s) and mailto."""
    return Markup(_CLEANER.clean(html))  # noqa: S704  (cleaned by an allow-list)


def markdown(source: str, *, title: str = "") -> Markup:
    """CommonMark with tables as safe HTML; headings start at h3, a first heading that only repeats `title` is left out.

    HTML in the source is shown as text. Images are shown by their alt text and links into the folder as text, since the
    folder's files are not published.
    """
    if not source.strip():
        return Markup("")  # without a parser: most experiments have no notes
    parser = _markdown()
    tokens = parser.parse(_visible(source.removeprefix("\ufeff").replace("\r\n", "\n")))
    if len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[1].content.strip() == title.strip():
        tokens = tokens[3:]
    for token in tokens:
        _fit(token)
    return safe_html(parser.renderer.render(tokens, parser.options, {}))


def _visible(value: str) -> str:
    return _INVISIBLE.sub(_escape_sequence, value)


def _escape_sequence(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, int) and abs(data) > _MAX_EXACT_INT:
        return str(data)
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [_plain(value) for value in data]
    return data


def _fit(token: Token) -> None:
    """Move a heading two levels down, below the page's own, and turn a cell's alignment from a style into a class."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrs["class"] = f"dlviz-{style.removeprefix('text-align:')}"


def _alt_text(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    alt = renderer.renderInlineAsText(tokens[index].children, options, env)
    return str(escape(alt))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # a fifth of what a build with nothing to do imports

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _alt_text)
    return parser
