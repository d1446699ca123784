"""What can be known of the manifests without a cluster."""
