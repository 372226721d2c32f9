"""One reader for each form of sheets: from what lies in the container to a grid."""
