"""What targets that deploy C share: its files, its memory, the limits of that, and how it is fed and recorded."""
