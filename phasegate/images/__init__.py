"""Container images: what goes into them, who builds them, and the digests that pipelines pin."""
