"""One module or package a kind: how it is written, read, compared, and spelled as API calls. `registry` lists them."""
