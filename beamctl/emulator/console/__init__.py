"""The console: HTML pages for sign-in, invitations and workspaces. It calls the API as the signed-in person."""
