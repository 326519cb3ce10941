"""Tags of images, the deletion of unused images, and the shares that wait for another account."""

from __future__ import annotations

from beamctl.emulator.call import Answer, Call
from beamctl.emulator.errors import bad_request, not_found
from beamctl.emulator.kind import IMAGES
from beamctl.emulator.permission import Permission
from beamctl.emulator.routes.shares import owned, scope_of, shown_to, visible_object
from beamctl.emulator.routing import Parameter, Route
from beamctl.emulator.store import resource
from beamctl.emulator.store.resource import ListQuery, ResourceFields, Sort

NAME = Parameter("name", "Client code: only the tag with this name.", {"type": "string"})
BEGINNING = Parameter("q", "Client code: only tags whose names begin with this text.", {"type": "string"})


def list_tags(call: Call) -> Answer:
    """List the tags of an image by name, here always as one page."""
    row, query = visible_object(IMAGES, call, _image(call)), call.inbound.query
    found = [tag for tag in resource.fields(row).spec["tags"] if tag["name"].startswith(query.get(BEGINNING.name, ""))]
    data = sorted(
        (tag for tag in found if query.get(NAME.name, tag["name"]) == tag["name"]), key=lambda tag: tag["name"]
    )
    return Answer({"data": data, "meta": {"hasMore": False, "nextCursor": "", "total": len(data)}})


def delete_tag(call: Call) -> Answer:
    """Delete a tag. The last one cannot be deleted without its image (a guess)."""
    row, name = owned(IMAGES, call), call.inbound.path["tag_name"]
    tags = resource.fields(row).spec["tags"]
    left = [tag for tag in tags if tag["name"] != name]
    if len(left) == len(tags):
        raise not_found("Tag not found")
    if not left:
        raise bad_request("the last tag cannot be deleted: delete the image")
    resource.change(
        call.db, scope_of(IMAGES, call), row["name"], ResourceFields(spec={"tags": left}), call.who.name, call.moment
    )
    return Answer(shown_to(IMAGES, call, owned(IMAGES, call)))


def delete_unused(call: Call) -> Answer:
    """Delete the own images that nothing in the workspace runs. Specs name them as `…/name:tag` (a guess)."""
    used = {named.rpartition("/")[2].partition(":")[0] for named in resource.images(call.db, call.space.id)}
    own = resource.rows_from(call.db, ListQuery(scope_of(IMAGES, call), Sort.NAME))
    unused = [row["name"] for row in own if row["name"].partition("/")[2] not in used]
    for name in unused:
        resource.remove(call.db, scope_of(IMAGES, call), name)
    return Answer({"deleted": len(unused), "message": "deleted every image that is not in use"})


def list_pending(_call: Call) -> Answer:
    """None: every workspace is in one account, so no share waits."""
    return Answer([])


def _image(call: Call) -> str:
    path = call.inbound.path
    return f"{path['resource_type']}/{path['image_name']}"


_TAGS = "/images/<resource_type>/<image_name>/tags"
ROUTES = (
    Route("GET", _TAGS, Permission.IMAGES_LIST, list_tags, response="image_tag_page", query=(NAME, BEGINNING)),
    Route("DELETE", f"{_TAGS}/<tag_name>", Permission.IMAGES_WRITE, delete_tag, response="image"),
    Route("DELETE", "/images", Permission.IMAGES_WRITE, delete_unused, response="image_cleanup"),
    Route("GET", "/pending-image-shares", Permission.IMAGES_LIST, list_pending, response="pending_image_share_list"),
)
