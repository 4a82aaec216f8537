"""The definition of what networks and programs do: small runners that every engine and target is compared with."""
