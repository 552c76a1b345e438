"""The two pages that the redirect shows when it cannot redirect. They need nothing else: no file, no script."""

from html import escape

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{head}
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 24px;
    box-sizing: border-box; font: 17px/1.55 system-ui, sans-serif;
    color: light-dark(#1a1a1e, #f2f2f4); background: light-dark(#fafaf8, #131316); }}
  main {{ max-width: 30rem; }}
  h1 {{ font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 .75rem; text-wrap: balance; }}
  p {{ margin: 0 0 .75rem; color: light-dark(#4a4a52, #b9b9c2); }}
  a {{ color: inherit; text-underline-offset: 3px; }}
</style>
</head>
<body><main>{body}</main></body>
</html>
"""


def no_such_link(site_url: str) -> str:
    """Return the page for a link that does not exist."""
    body = f"""<h1>This link leads nowhere</h1>
<p>It may have been cut off on its way. Links of this site have seven or eight letters and digits after /r/, and capital
letters matter.</p>
<p>Go back to the post you came from and tap the link there, or start at <a href="{escape(site_url)}/">the home of this
site</a>.</p>"""
    return _PAGE.format(title="This link leads nowhere", head="", body=body)


def come_back() -> str:
    """Return the page for a moment in which the click cannot be stored; it tries again by itself."""
    body = "<h1>One moment</h1><p>This page tries again by itself in two seconds.</p>"
    return _PAGE.format(title="One moment", head='<meta http-equiv="refresh" content="2">', body=body)
