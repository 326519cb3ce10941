"""A workspace with something of every kind, and the requests that `destroy` makes."""

from beamctl.kinds.share.live import Shareable
from tests.fakes.resources import FakeResources, resource
from tests.fakes.secrets_and_shares import PAST, FakeSecrets, FakeShares
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.workspace import FakeWorkspace, person

ITSELF, COUNTED = "GET /workspaces/acme", "GET /workspaces/acme?countResources=true"
DELETE = "DELETE /workspaces/acme"
USERS, ACCOUNTS, KEYS = "GET /users", "GET /service_accounts", "GET /service_accounts/c1/api_keys"
POLICIES, CONNECTIONS = "GET /policies?limit=200", "GET /integrations/connections"
ENVIRONMENTS = "GET /environments"
SECRETS, IMAGES, DOMAINS = "GET /secrets", "GET /images", "GET /customdomains"
IMAGE_SHARES = "GET /images/agent/bot/share"


def workspace() -> FakeWorkspace:
    resources = FakeResources(paged=200)
    resources.kept["policies"]["eu"] = resource("eu", type="location")
    resources.kept["integrations"]["gpt"] = resource("gpt", integration="openai", secret={"apiKey": "canary"})
    resources.kept["environments"]["development"] = resource("development")
    key = api_key("k1", "deploy", "2026-01-01T00:00:00Z") | {"apiKey": "canary"}
    return FakeWorkspace.of(
        [person("ada@x.io", "admin"), person("eve@x.io"), person("kim@x.io", "viewer", accepted=False)],
        settings={
            "name": "acme",
            "id": "w1",
            "createdAt": "2025-03-01T00:00:00Z",
            "displayName": "Acme",
            "resourceCounts": {"agents": 3, "jobs": 0},
        },
        resources=resources,
        secrets=FakeSecrets({"STRIPE_KEY": "canary"}, {"STRIPE_KEY": PAST}),
        shares=FakeShares({Shareable.IMAGE: {"agent/bot": ["beta"]}, Shareable.CUSTOM_DOMAIN: {}}),
        accounts=FakeServiceAccounts({"c1": service_account("c1", "ci", "admin")}, {"c1": [key]}),
        quirks=frozenset({"echoed-secrets"}),
    )
