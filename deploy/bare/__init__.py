"""A blog on a host of its own, from the deployer's machine: what `fab` does over SSH."""
