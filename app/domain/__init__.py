"""Rules over plain values and columns: no SQL, no Flask, no clock."""
