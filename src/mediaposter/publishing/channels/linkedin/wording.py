"""LinkedIn's "little text": what a post says, with its reserved characters escaped and its hashtags as templates."""

import regex

# learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format, read 2026-11-23
_RESERVED = regex.compile(r"[\\|{}@\[\]()<>#*_~]")
_MARK = regex.compile(r"(?P<link>https?://\S+)|(?<![\w#&/])#(?P<tag>[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*)")
_TEMPLATE = regex.compile(r"\{hashtag\|\\?[#\uFF03]\|((?:\\.|[^}\\])*)\}")
_MENTION = regex.compile(r"@\[((?:\\.|[^\]\\])*)\]\((?:\\.|[^)\\])*\)")
_ESCAPE = regex.compile(r"\\(.)")


def little(text: str) -> str:
    """Return a text as LinkedIn takes it: nothing in it means anything but its hashtags."""
    made: list[str] = []
    end = 0
    for one in _MARK.finditer(text):
        made.append(_escaped(text[end : one.start()]))
        end = one.end()
        tag = one.group("tag")
        made.append(rf"{{hashtag|\#|{_escaped(tag)}}}" if tag else _escaped(one.group()))
    return "".join((*made, _escaped(text[end:])))


def plain_of(commentary: str) -> str:
    """Return what a post of LinkedIn says, without escapes and templates."""
    return _ESCAPE.sub(r"\1", _MENTION.sub(r"\1", _TEMPLATE.sub(r"#\1", commentary)))


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text)
