"""The job table (lease, fencing token, progress), its sweeper, and RQ as the messenger that wakes workers."""
