"""The files of the demo. The key is made up and works only with the emulator that the demo starts."""

KEY = "bl_made_up_for_the_demo"

SEED = f"""\
# The initial state of the emulator.
workspaces:
  - {{name: acme, displayName: Acme, labels: {{env: test}}}}
users:
  - {{email: ada@example.com, apiKey: {KEY}, workspaces: {{acme: admin}}}}
  - {{email: grace@example.com, workspaces: {{acme: member}}}}
  - {{email: eve@example.com, workspaces: {{acme: member}}}}
  - {{email: mallory@example.com, workspaces: {{acme: member}}}}
  - {{email: lin@example.com, workspaces: {{acme: member}}, source: directory_sync}}
invitations:
  - {{workspace: acme, email: sam@example.com, role: member, expiresAt: 2026-01-01T00:00:00Z}}
"""

WITH_MISTAKES = """\
version: 1
workspace: acme

setings:
  displayName: Acme (production)

members:
  ada@example.com: admin
  grace@example.com: admn
  eve@example.com: member
  Eve@example.com: viewer
  kim@example.com: {role: member, until: 2099-02-30}
"""

WITHOUT_MISTAKES = """\
version: 1
workspace: acme

settings:
  displayName: Acme (production)

members:
  ada@example.com: admin
  grace@example.com: admin
  eve@example.com: member
  kim@example.com: {role: member, until: 2099-12-31, reason: TICKET-812}
  sam@example.com: viewer

guards:
  minAdmins: 2
  self: {email: ada@example.com}      # who beamctl runs as
"""
