"""Edits keep every byte that they do not mean to change: one row a rule, with the document before and after."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from beamctl.document.data_edit import Edit, Put, Remove, with_edits
from beamctl.document.edit import edited
from beamctl.document.splice import UneditableError
from beamctl.document.yaml_loader import parse_plain
from beamctl.model.code import Code

HEAD = "version: 1\nworkspace: acme\n"


@dataclass(frozen=True)
class Row:
    """A document below its first two lines, the edits, and the same part afterwards."""

    name: str
    before: str
    edits: tuple[Edit, ...]
    after: str


def put(path: str, value: Any) -> Put:
    return Put(tuple(path.split("/")), value)


def remove(path: str) -> Remove:
    return Remove(tuple(path.split("/")))


ROWS = [
    Row(
        "sorted entries stay sorted",
        "members:\n  ada@x: admin\n  eve@x: member  # e\n  zoe@x: admin\n",
        (put("members/bob@x", "member"), put("members/yan@x", "admin")),
        "members:\n  ada@x: admin\n  bob@x: member\n  eve@x: member  # e\n  yan@x: admin\n  zoe@x: admin\n",
    ),
    Row(
        "sorted regardless of case",
        "members:\n  ada@x: admin\n  Bob@x: member\n  eve@x: member\n",
        (put("members/Carl@x", "member"),),
        "members:\n  ada@x: admin\n  Bob@x: member\n  Carl@x: member\n  eve@x: member\n",
    ),
    Row(
        "others are added after the last, before trailing comments",
        "members:\n  zoe@x: admin\n  bob@x: member  # b\n  # trailing\n\n# guards\nguards: {}\n",
        (put("members/ada@x", "member"),),
        "members:\n  zoe@x: admin\n  bob@x: member  # b\n  ada@x: member\n  # trailing\n\n# guards\nguards: {}\n",
    ),
    Row(
        "before the heading of the next group",
        "members:\n  # platform\n  ada@x: admin\n  bob@x: admin\n\n  # support\n  eve@x: member\n",
        (put("members/carl@x", "member"),),
        "members:\n  # platform\n  ada@x: admin\n  bob@x: admin\n  carl@x: member\n\n  # support\n  eve@x: member\n",
    ),
    Row(
        "first, below a heading",
        "members:\n  # people\n  bob@x: admin\n  eve@x: member\n",
        (put("members/ada@x", "member"),),
        "members:\n  # people\n  ada@x: member\n  bob@x: admin\n  eve@x: member\n",
    ),
    Row(
        "own comments go with an entry; a blank line protects others",
        "members:\n  ada@x: admin\n  # bob's\n  # ticket\n  bob@x: member  # also his\n"
        "  # not his\n\n  eve@x: member\n",
        (remove("members/bob@x"),),
        "members:\n  ada@x: admin\n  # not his\n\n  eve@x: member\n",
    ),
    Row(
        "a heading of several entries stays",
        "members:\n  # platform\n  ada@x: admin\n  bob@x: member\n\n  # others\n  eve@x: member\n  zoe@x: member\n",
        (remove("members/ada@x"), remove("members/eve@x")),
        "members:\n  # platform\n  bob@x: member\n\n  # others\n  zoe@x: member\n",
    ),
    Row(
        "a comment above a blank line stays",
        "members:\n  ada@x: admin\n  # note\n\n  bob@x: member\n# end\n",
        (remove("members/bob@x"),),
        "members:\n  ada@x: admin\n  # note\n\n# end\n",
    ),
    Row(
        "an emptied section is {}",
        "policies:  # none left\n  eu: {spec: {type: location}}\nguards: {}\n",
        (remove("policies/eu"),),
        "policies: {}  # none left\nguards: {}\n",
    ),
    Row(
        "{} becomes lines",
        "members: {}  # no one yet\nguards: {}\n",
        (put("members/bob@x", "member"), put("members/ada@x", "admin")),
        "members:  # no one yet\n  bob@x: member\n  ada@x: admin\nguards: {}\n",
    ),
    Row(
        "an absent section is added after the last, as the others are written",
        "members:\n    ada@x: admin\n\n# the end\n",
        (put("policies/eu", {"spec": {"type": "location"}}),),
        "members:\n    ada@x: admin\npolicies:\n    eu: {spec: {type: location}}\n\n# the end\n",
    ),
    Row(
        "flow style stays flow style",
        "members: {ada@x: admin,  bob@x: member , zoe@x: admin}\n",
        (put("members/eve@x", "member"), remove("members/bob@x"), put("members/zoe@x", "viewer")),
        "members: {ada@x: admin,  eve@x: member,  zoe@x: viewer}\n",
    ),
    Row(
        "the last of a flow mapping",
        "members: {zoe@x: admin, bob@x: member}\n",
        (remove("members/bob@x"), put("members/ada@x", "member")),
        "members: {zoe@x: admin, ada@x: member}\n",
    ),
    Row(
        "all of a flow mapping",
        "policies: { a: {spec: {}}, b: {spec: {}}, }\n",
        (remove("policies/a"), remove("policies/b")),
        "policies: {}\n",
    ),
    Row(
        "flow style on several lines",
        "members: {\n  zoe@x: admin, # z\n  bob@x: member # b\n  # end\n}\n",
        (put("members/eve@x", "member"), remove("members/zoe@x")),
        "members: {\n  bob@x: member, # b\n  eve@x: member\n  # end\n}\n",
    ),
    Row(
        "a trailing comma stays",
        "members: {\n  ada@x: admin,\n  bob@x: member,\n}\n",
        (put("members/eve@x", "member"), remove("members/bob@x")),
        "members: {\n  ada@x: admin,\n  eve@x: member,\n}\n",
    ),
    Row(
        "only the role of a long entry changes",
        "members:\n  ada@x:\n    role:   'member'   # for now\n    until: 2099-01-01\n"
        "  bob@x: { role: member,  reason: x }\n",
        (put("members/ada@x/role", "admin"), put("members/bob@x/role", "viewer")),
        "members:\n  ada@x:\n    role:   'admin'   # for now\n    until: 2099-01-01\n"
        "  bob@x: { role: viewer,  reason: x }\n",
    ),
    Row(
        "quotes of the neighbors",
        "members:\n  \"ada@x\": 'admin'\n",
        (put("members/bob@x", "member"), put("members/ada@x", "viewer")),
        "members:\n  \"ada@x\": 'viewer'\n  \"bob@x\": 'member'\n",
    ),
    Row(
        "quotes where they are needed",
        "settings:\n  labels:\n    a: b\n",
        (put("settings/labels/true", "1.0"), put("settings/labels/# x", "a: b"), put("settings/labels/a", "- no")),
        "settings:\n  labels:\n    a: '- no'\n    \"true\": \"1.0\"\n    '# x': 'a: b'\n",
    ),
    Row(
        "long entries are written as the others are",
        "serviceAccounts:\n    ci:\n        role: member\n        # its keys\n"
        "        apiKeys:\n            a: {expiresIn: 1d}\n",
        (put("serviceAccounts/ops", {"role": "admin", "description": "x", "apiKeys": {"k": {"expiresIn": "2d"}}}),),
        "serviceAccounts:\n    ci:\n        role: member\n        # its keys\n"
        "        apiKeys:\n            a: {expiresIn: 1d}\n"
        "    ops:\n        role: admin\n        description: x\n        apiKeys:\n            k: {expiresIn: 2d}\n",
    ),
    Row(
        "deeper comments at its end belong to an entry",
        "serviceAccounts:\n  ci:\n    role: member\n    # secretTo: later\n"
        "  ops:\n    role: member\n    # and\n\n    # more\n",
        (remove("serviceAccounts/ci"), put("serviceAccounts/zz", {"role": "admin"})),
        "serviceAccounts:\n  ops:\n    role: member\n    # and\n  zz:\n    role: admin\n\n    # more\n",
    ),
    Row(
        "items of lists",
        "settings:\n  groupMappings:\n  - groupName: a\n    role: member   # a's\n"
        "  # b's\n  - groupName: b\n    role: admin\n",
        (put("settings/groupMappings", [{"groupName": "a", "role": "admin"}, {"groupName": "c", "role": "member"}]),),
        "settings:\n  groupMappings:\n  - groupName: a\n    role: admin   # a's\n  - groupName: c\n    role: member\n",
    ),
    Row(
        "items in brackets",
        "environments:\n  production: {policies: [a, b, c]}\n  x: {policies: [ ]}\n",
        (put("environments/production/policies", ["d", "a", "c"]), put("environments/x/policies", ["a", "b"])),
        "environments:\n  production: {policies: [a, c, d]}\n  x: {policies: [a, b ]}\n",
    ),
    Row(
        "an emptied list",
        "environments:\n  production:\n    policies:  # all\n      - a\n      - b  # b\n",
        (put("environments/production/policies", []),),
        "environments:\n  production:\n    policies: []  # all\n",
    ),
    Row(
        "a missing attribute",
        "serviceAccounts:\n  ci: {role: member, secretTo: {file: x}}\n  ops: {role: admin}\n",
        (put("serviceAccounts/ci/description", "a, b"), put("serviceAccounts/ops/description", "c")),
        "serviceAccounts:\n  ci: {description: 'a, b', role: member, secretTo: {file: x}}\n"
        "  ops: {role: admin, description: c}\n",
    ),
    Row(
        "a block scalar",
        "serviceAccounts:\n  ci:\n    description: |\n      long\n      text\n\n    role: member\n",
        (put("serviceAccounts/ci/description", "short\nx"),),
        'serviceAccounts:\n  ci:\n    description: "short\\nx"\n\n    role: member\n',
    ),
    Row(
        "a value of another form",
        "settings:\n  displayName:\n    Acme\n  labels:  # l\n    a: b\n    # c\n    d: e\n",
        (put("settings/labels", "none"), put("settings/displayName", ["x"])),
        "settings:\n  displayName:\n    [x]\n  labels: none  # l\n",
    ),
    Row(
        "JSON in YAML",
        'settings: {"displayName":"A","labels":{"a":"b"}}\n',
        (put("settings/labels/c", 'd"e'), put("settings/displayName", "B")),
        'settings: {"displayName":"B","labels":{"a":"b", "c": "d\\"e"}}\n',
    ),
    Row(
        "no line break at the end",
        "members:\n  ada@x: admin",
        (put("members/bob@x", "member"),),
        "members:\n  ada@x: admin\n  bob@x: member",
    ),
    Row(
        "nothing to do",
        "members:\n  ada@x: admin",
        (put("members/ada@x", "admin"), remove("members/bob@x")),
        "members:\n  ada@x: admin",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_an_edit_keeps_the_rest(row: Row, line_break: str) -> None:
    before, after = ((HEAD + text).replace("\n", line_break) for text in (row.before, row.after))
    assert edited(before, "acme", row.edits) == after


def test_json_stays_json() -> None:
    before = """{
  "version": 1,
  "workspace": "acme",
  "members": {
    "ada@x": "admin",
    "bob@x": {"role": "member"}
  },
  "settings": {}
}
"""
    edits: list[Edit] = [
        put("members/eve@x", {"role": "member"}),
        put("settings/labels", {"a": "b"}),
        remove("members/ada@x"),
    ]
    after = edited(before, "acme", edits)
    assert (
        after
        == """{
  "version": 1,
  "workspace": "acme",
  "members": {
    "bob@x": {"role": "member"},
    "eve@x": {"role": "member"}
  },
  "settings": {"labels": {"a": "b"}}
}
"""
    )
    assert json.loads(after) == with_edits(json.loads(before), edits)


@pytest.mark.parametrize("name", ["👩\u200d💻", "a\u200bb", "é\u202e", "tab\t", "nul\0", 'q"\\', "\x7f", "\u2028"])
@pytest.mark.parametrize("before", ["x", "'x'", '"x"', "{}"])
def test_invisible_characters_are_escaped(before: str, name: str) -> None:
    json_text = '{"version": 1, "workspace": "acme", "settings": {"displayName": "x"}}'
    for text in (f"{HEAD}settings:\n  displayName: {before}\n", json_text):
        after = edited(text, "acme", [put("settings/displayName", name)])
        assert after.replace("\n", "").isprintable()
        (found,), problems = parse_plain(after, "")
        assert (found["settings"], problems) == ({"displayName": name}, [])


def test_only_the_document_of_the_workspace_is_edited() -> None:
    other = "---\n# other\nversion: 1\nworkspace: labs\nmembers: {ada@x: admin}\n"
    before = f"# nothing\n---\n{HEAD}members: {{ada@x: admin}}\n{other}"
    after = edited(before, "labs", [put("members/bob@x", "member")])
    assert after == before.removesuffix("}\n") + ", bob@x: member}\n"
    assert edited(before, "acme", [put("members/bob@x", "member")]).endswith(other)


@pytest.mark.parametrize(
    ("text", "edit", "code"),
    [
        ("members:\n  ada@x: &a admin\n", put("members/ada@x", "member"), Code.EDIT_BEHIND_ANCHOR),
        ("members:\n  ada@x: &a admin\n", remove("members/ada@x"), Code.EDIT_BEHIND_ANCHOR),
        ("members:\n  &a ada@x: admin\n", remove("members/ada@x"), Code.EDIT_BEHIND_ANCHOR),
        ("members: &m {ada@x: admin}\n", put("members/bob@x", "member"), Code.EDIT_BEHIND_ANCHOR),
        ("a: &m {}\nmembers: *m\n", put("members/bob@x", "member"), Code.EDIT_BEHIND_ANCHOR),
        ("members: {ada@x: {role: &r admin}}\n", remove("members/ada@x"), Code.EDIT_BEHIND_ANCHOR),
        ("members: {a: {role: &r admin}, b: {role: *r}}\n", remove("members/b"), Code.EDIT_BEHIND_ANCHOR),
        ("members:\n  ? ada@x\n  : admin\n", remove("members/ada@x"), Code.EDIT_UNUSUAL_LAYOUT),
        ("members:\n  ? ada@x\n  : admin\n", put("members/bob@x", "x"), Code.EDIT_UNUSUAL_LAYOUT),
        ("labels: [\n  a, # first\n  b]\n", put("labels", "none"), Code.EDIT_LOSES_COMMENT),
        ("labels: | # block\n  a\n", put("labels", "none"), Code.EDIT_LOSES_COMMENT),
        ("labels: |\n  a", put("other", "x"), Code.EDIT_NOT_AS_INTENDED),
    ],
)
def test_anything_doubtful_is_refused(text: str, edit: Edit, code: Code) -> None:
    with pytest.raises(UneditableError) as refused:
        edited(HEAD + text, "acme", [edit])
    assert refused.value.why.code is code
    assert refused.value.why.fields.get("line", 3) in (3, 4)


def test_an_anchor_elsewhere_is_no_obstacle() -> None:
    text = f"{HEAD}members:\n  ada@x: &a admin\n  bob@x: *a\n"
    assert edited(text, "acme", [put("members/eve@x", "member")]) == f"{text}  eve@x: member\n"


def test_nothing_is_put_below_a_value() -> None:
    with pytest.raises(TypeError, match="no mapping"):
        edited(f"{HEAD}members: {{ada@x: admin}}\n", "acme", [put("members/ada@x/role", "member")])
