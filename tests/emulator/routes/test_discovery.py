"""OpenID discovery and the configuration of the API."""

from werkzeug.test import Client

from tests.emulator.world import World, body_of


def test_openid_discovery_has_the_token_endpoint(world: World) -> None:
    answer = Client(world.app).get("/v0/.well-known/openid-configuration", base_url="http://plane.example:8080")
    found = answer.get_json()
    assert found["issuer"] == "http://plane.example:8080/v0"
    assert found["token_endpoint"] == "http://plane.example:8080/v0/oauth/token"
    assert found["device_authorization_endpoint"] == "http://plane.example:8080/v0/login/device"
    assert "urn:ietf:params:oauth:grant-type:device_code" in found["grant_types_supported"]
    assert world.call(None, "GET", "/.well-known/openid-configuration").status_code == 200


def test_discovery_is_also_at_the_root_of_the_host(world: World) -> None:
    below = world.call(None, "GET", "/.well-known/openid-configuration").get_json()
    assert below["scopes_supported"] == ["openid", "email", "profile", "offline_access"]
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        found = Client(world.app).get(path).get_json()
        assert found == {**below, "issuer": "http://localhost"}, "a client compares the issuer with the URL"
    assert Client(world.app).post("/.well-known/openid-configuration").status_code == 405
    assert Client(world.app).get("/.well-known/other").status_code == 404


def test_openid_discovery_omits_unsupported_features(world: World) -> None:
    found = world.call(None, "GET", "/.well-known/openid-configuration").get_json()
    assert found["subject_types_supported"] == ["public"]  # OpenID requires it, and it is true
    absent = {"authorization_endpoint", "jwks_uri", "response_types_supported", "id_token_signing_alg_values_supported"}
    assert not absent & set(found)
    assert all(found.values())  # OpenID forbids empty values


def test_the_configuration_lists_regions(world: World) -> None:
    found = world.call("sam", "GET", "/configuration").get_json()
    countries = {country["name"] for country in found["countries"]}
    continents = {continent["name"] for continent in found["continents"]}
    assert found["regions"]
    for region in found["regions"]:
        assert region["country"] in countries
        assert region["continent"] in continents


def test_only_enabled_features_are_listed(world: World) -> None:
    assert world.call("max", "GET", "/features").get_json() == {"features": {"mk3": True}}
    other = {"X-Blaxel-Workspace": "other"}
    assert world.call("alan", "GET", "/features", headers=other).get_json() == {"features": {}}


def test_one_feature_is_enabled_disabled_or_unknown(world: World) -> None:
    on = world.call("max", "GET", "/features/mk3?account=any").get_json()
    assert on == {"featureKey": "mk3", "enabled": True, "evaluatedAt": "2026-03-01T12:00:00.000Z"}
    assert world.call("max", "GET", "/features/vpc").get_json()["enabled"] is False
    assert world.error(world.call("max", "GET", "/features/none")) == "404 Feature flag not found"


KEYS = {
    *("agents", "customdomains", "drives", "functions", "images", "integrationconnections", "jobs", "models"),
    *("policies", "previews", "sandboxes", "serviceaccounts", "volumes", "volumetemplates"),
}
"""The 14 keys that the official client names."""


def test_resources_are_counted_on_request(world: World) -> None:
    def counted(query: str) -> dict[str, int] | None:
        counts: dict[str, int] | None = (
            world.call("max", "GET", f"/workspaces/acme{query}").get_json().get("resourceCounts")
        )
        return counts

    assert counted("") is counted("?countResources=false") is None
    before = counted("?countResources=true")
    assert before
    assert set(before) == KEYS
    assert before["serviceaccounts"] == 2
    assert set(before.values()) == {0, 2}
    for path in ("/policies", "/policies", "/models", "/integrations/connections"):
        world.call("ada", "POST", path, body_of(path, f"t{world.clock.moment.hour}"))
        world.clock.forward(hours=1)
    after = counted("?countResources=true")
    assert after == before | {"policies": 2, "models": 1, "integrationconnections": 1}
