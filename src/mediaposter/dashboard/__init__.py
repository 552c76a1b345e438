"""The dashboard's files, as the browser gets them. They are built out of `dashboard/` by `make dashboard`."""
