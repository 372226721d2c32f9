"""Forms: what is typed and sent, what a field proposes meanwhile, and the answer where something is wrong."""
