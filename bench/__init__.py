"""Speed tables: see README.md."""
