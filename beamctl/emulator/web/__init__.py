"""The console: HTML pages for sign-in, invitations and workspaces. It calls the API's routes as the signed-in person."""
