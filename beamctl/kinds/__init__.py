"""The kinds of declared things, one module or package each. `registry` lists them."""
