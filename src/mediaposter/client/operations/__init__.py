"""Every operation of the API, a module per room. Written by `make docs` from the routes; do not edit."""
