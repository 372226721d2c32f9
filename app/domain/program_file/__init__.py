"""The programme as a document: what its file may say, part by part."""
