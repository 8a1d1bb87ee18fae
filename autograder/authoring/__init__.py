"""From an author's text to notebooks: build, printed reports."""
