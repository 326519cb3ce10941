"""Images and custom domains, and what another workspace sees of them."""

import pytest

from tests.emulator.world import World

OTHER = {"X-Blaxel-Workspace": "other"}
IMAGE, DOMAIN = "/images/agent/bot", "/customdomains/a.example"
SHARED = pytest.mark.parametrize("path", [IMAGE, DOMAIN])


def make(world: World, path: str) -> None:
    if path == IMAGE:
        assert world.call("max", "POST", "/images", {"name": "bot", "resourceType": "agent"}).status_code == 200
        return
    made = world.call("ada", "POST", "/customdomains", {"metadata": {"name": "a.example"}}).get_json()
    assert made["spec"] == {"status": "pending"}
    refused = world.call("ada", "POST", f"{DOMAIN}/share", {"targetWorkspace": "other"})
    assert world.error(refused) == "400 only a verified custom domain can be shared"
    assert world.call("ada", "POST", f"{DOMAIN}/verify").get_json()["spec"]["status"] == "verified"


@SHARED
def test_the_other_workspace_sees_what_is_shared_with_it_until_the_share_ends(world: World, path: str) -> None:
    make(world, path)
    listing = "/images" if path == IMAGE else "/customdomains"
    origin = "sourceWorkspace" if path == IMAGE else "sharedFromWorkspace"
    assert world.call("alan", "GET", listing, headers=OTHER).get_json() == []
    assert world.call("alan", "GET", path, headers=OTHER).status_code == 404
    assert origin not in world.call("ada", "POST", f"{path}/share", {"targetWorkspace": "other"}).get_json()["metadata"]
    (seen,) = world.call("alan", "GET", listing, headers=OTHER).get_json()
    assert (seen["metadata"]["workspace"], seen["metadata"][origin]) == ("other", "acme")
    assert world.call("alan", "GET", path, headers=OTHER).get_json() == seen
    (target,) = world.call("vic", "GET", f"{path}/share").get_json()
    assert (target["workspace"], target["status"]) == ("other", "active")
    for method, rest in (("DELETE", ""), ("GET", "/share"), ("DELETE", "/share/other")):  # only its owner manages it
        assert world.call("alan", method, f"{path}{rest}", headers=OTHER).status_code == 404
    assert world.call("alan", "POST", f"{path}/share", {"targetWorkspace": "acme"}, OTHER).status_code == 404
    assert world.call("ada", "POST", f"{path}/share", {"targetWorkspace": "other"}).status_code == 409
    assert world.call("ada", "DELETE", f"{path}/share/other").status_code == 200
    assert world.call("ada", "DELETE", f"{path}/share/other").status_code == 404
    assert world.call("alan", "GET", listing, headers=OTHER).get_json() == []


@SHARED
@pytest.mark.parametrize(("target", "status"), [("acme", 400), ("nowhere", 404), ("", 400), (None, 400), (1, 400)])
def test_an_invalid_target_is_refused(world: World, path: str, target: object, status: int) -> None:
    make(world, path)
    assert world.call("ada", "POST", f"{path}/share", {"targetWorkspace": target}).status_code == status
    assert world.call("ada", "GET", f"{path}/share").get_json() == []


def test_a_domain_can_be_shared_with_the_whole_account_and_an_image_cannot(world: World) -> None:
    make(world, DOMAIN)
    make(world, IMAGE)
    assert world.call("ada", "POST", f"{IMAGE}/share", {"targetWorkspace": "account"}).status_code == 404
    assert world.call("ada", "POST", f"{DOMAIN}/share", {"targetWorkspace": "account"}).status_code == 200
    assert world.call("ada", "POST", f"{DOMAIN}/share", {"targetWorkspace": "account"}).status_code == 409
    world.call("sam", "POST", "/workspaces", {"name": "later"})
    seen = world.call("sam", "GET", DOMAIN, headers={"X-Blaxel-Workspace": "later"}).get_json()
    assert seen["metadata"]["sharedFromWorkspace"] == "acme"
    assert world.call("ada", "GET", f"{DOMAIN}/share").get_json() == [{"workspace": "account", "status": "active"}]
    assert world.call("ada", "DELETE", f"{DOMAIN}/share/account").status_code == 200
    assert world.call("sam", "GET", DOMAIN, headers={"X-Blaxel-Workspace": "later"}).status_code == 404


def test_another_account_is_not_found(world: World) -> None:
    make(world, IMAGE)
    body = {"targetWorkspace": "other", "targetAccountId": "another"}
    assert world.call("ada", "POST", f"{IMAGE}/share", body).status_code == 404


@SHARED
def test_a_share_ends_with_its_object_or_its_target(world: World, path: str) -> None:
    make(world, path)
    world.call("ada", "POST", f"{path}/share", {"targetWorkspace": "other"})
    assert world.call("alan", "DELETE", "/workspaces/other").status_code == 200
    assert world.call("ada", "GET", f"{path}/share").get_json() == []
    assert world.call("ada", "DELETE", path).status_code == 200
    assert world.call("ada", "GET", path).status_code == 404


def test_a_newer_version_lists_summaries_of_images_and_a_tag_is_immutable(world: World) -> None:
    make(world, IMAGE)
    again = {"name": "bot", "resourceType": "agent", "tag": "v2"}
    assert world.call("ada", "POST", "/images", again).status_code == 200
    assert world.call("ada", "POST", "/images", again).status_code == 409
    page = world.call("ada", "GET", "/images", headers={"Blaxel-Version": "2026-09-22"}).get_json()
    assert [each["spec"] for each in page["data"]] == [{"tagCount": 2}]
    assert world.call("ada", "GET", "/images/agents/bot").get_json()["metadata"]["resourceType"] == "agent"
    counts = world.call("ada", "GET", "/workspaces/acme?countResources=true").get_json()["resourceCounts"]
    assert (counts["images"], counts["customdomains"]) == (1, 0)


def test_tags_are_listed_and_all_but_the_last_can_be_deleted(world: World) -> None:
    make(world, IMAGE)
    assert (
        world.call("ada", "POST", "/images", {"name": "bot", "resourceType": "agent", "tag": "v2"}).status_code == 200
    )
    tags = world.call("ada", "GET", f"{IMAGE}/tags").get_json()
    assert ([tag["name"] for tag in tags["data"]], tags["meta"]["total"]) == (["v1", "v2"], 2)
    assert world.call("ada", "GET", f"{IMAGE}/tags?q=v2").get_json()["meta"]["total"] == 1
    assert world.call("ada", "GET", f"{IMAGE}/tags?name=v").get_json()["data"] == []
    assert world.call("ada", "DELETE", f"{IMAGE}/tags/v3").status_code == 404
    assert world.call("ada", "DELETE", f"{IMAGE}/tags/v1").status_code == 200
    assert world.call("ada", "DELETE", f"{IMAGE}/tags/v2").status_code == 400
    assert world.call("ada", "GET", "/pending-image-shares").get_json() == []


def test_a_domain_keeps_its_status_when_its_name_changes(world: World) -> None:
    make(world, DOMAIN)
    status = world.call("ada", "GET", DOMAIN).get_json()["spec"]["status"]
    changed = world.call("ada", "PUT", DOMAIN, {"metadata": {"displayName": "Previews"}}).get_json()
    assert (changed["metadata"]["displayName"], changed["spec"]["status"]) == ("Previews", status)


def test_only_unused_images_of_the_workspace_are_deleted_together(world: World) -> None:
    for name in ("used", "unused"):
        world.call("ada", "POST", "/images", {"name": name, "resourceType": "agent"})
    world.call("alan", "POST", "/images", {"name": "unused", "resourceType": "job"}, OTHER)
    spec = {"runtime": {"image": "agent/used:v1"}}
    assert world.call("ada", "POST", "/agents", {"metadata": {"name": "a"}, "spec": spec}).status_code == 200
    assert world.call("max", "DELETE", "/images").get_json()["deleted"] == 1
    assert [one["metadata"]["name"] for one in world.call("ada", "GET", "/images").get_json()] == ["used"]
    assert len(world.call("alan", "GET", "/images", headers=OTHER).get_json()) == 1
    assert world.call("max", "DELETE", "/images").get_json()["deleted"] == 0


def test_the_token_of_a_drive_is_no_credential_of_the_api(world: World) -> None:
    assert world.call("ada", "POST", "/drives/d/access-token").status_code == 404
    world.call("ada", "POST", "/drives", {"metadata": {"name": "d"}, "spec": {}})
    made = world.call("max", "POST", "/drives/d/access-token").get_json()
    assert (made["token_type"], made["expires_in"], made["access_token"].count(".")) == ("Bearer", 3600, 2)
    token = {"Authorization": f"Bearer {made['access_token']}"}
    assert world.call(None, "GET", "/users", headers=token).status_code == 401
