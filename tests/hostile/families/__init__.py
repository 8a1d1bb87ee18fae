"""The families of attacks, one file each; the first attack of each file is in `make test` too."""
