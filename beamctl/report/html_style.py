"""The style of HTML reports: readable on a phone, in the dark and on paper.

A module of its own: it is CSS, with a few lines of Python around it."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --page: #fff; --line: #d1d9e0; --code: #eff1f3;
  --bad: #b3261e; --bad-page: #ffebe9; --ok: #7a5200; --ok-page: #fff8c5; }
@media (prefers-color-scheme: dark) { :root { --text: #f0f6fc; --dim: #a3adb8; --page: #0d1117; --line: #3d444d;
  --code: #2a313c; --bad: #ff938a; --bad-page: #2d1215; --ok: #e3b341; --ok-page: #272115; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
main, footer { max-width: 68rem; margin: 0 auto; padding: 1rem 1.25rem; }
footer { color: var(--dim); font-size: .875rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 1rem; }
h2 { font-size: 1.2rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
code, pre { font: .9em/1.4 ui-monospace, "Liberation Mono", Menlo, Consolas, monospace; background: var(--code);
  border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
code { padding: .1em .3em; }
pre { padding: .6rem .8rem; margin: .4rem 0; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border: 1px solid var(--line); }
th { font-size: .875rem; }
table.worst { border-left: 4px solid var(--bad); }
table.worst td:first-child { color: var(--bad); font-weight: 600; }
.danger { border-left: 4px solid var(--ok); background: var(--ok-page); padding: .4rem .9rem; margin: 1rem 0; }
.danger.refused { border-color: var(--bad); background: var(--bad-page); }
.danger p { margin: .3rem 0; }
ul { margin: .5rem 0; padding-left: 1.3rem; }
table.changes td:nth-child(2) { min-width: 14.5rem; }
table.changes td:nth-child(4) { min-width: 9rem; }
summary { cursor: pointer; }
section details { margin: 1rem 0; }
@media (max-width: 40rem) {
  table { overflow-wrap: anywhere; }
  table.changes thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.changes, table.changes tbody, table.changes tr, table.changes td { display: block; }
  table.changes tr { border: 1px solid var(--line); margin: 0 0 .6rem; padding: .3rem .6rem; }
  table.changes tr td { border: 0; padding: .15rem 0; min-width: 0; }
  table.changes td:empty { display: none; }
  table.changes td[data-head]:not([data-head=""])::before { content: attr(data-head) ": "; color: var(--dim);
    font-size: .875rem; }
}
@media print {
  :root { --text: #000; --page: #fff; --code: #fff; --bad-page: #fff; --ok-page: #fff; --dim: #333; --line: #999; }
  main, footer { max-width: none; padding: 0; }
  tr, .danger { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""


def style_digest() -> str:
    """The digest by which a content security policy allows the style, and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"
