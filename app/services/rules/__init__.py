"""Rules as people write them: drafts, versions, and where one meets another."""
