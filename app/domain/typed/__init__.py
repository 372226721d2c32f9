"""Values as people and files write them."""
