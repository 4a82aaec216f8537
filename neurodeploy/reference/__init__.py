"""The living definition: small runners, written to be read, that every engine and target is compared with."""
