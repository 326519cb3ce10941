"""The pages of the emulator for people: sign in, invitations, and the console of a workspace, in plain HTML beside the
API. They change things through the API's own routes, as the person who is signed in, and must not know a rule of it."""
