"""The embedded models of the ``tiny`` tier: small networks of our own behind the paper's interfaces."""
