"""The stages of a run, a module each: what is asked of the rooms below, in durable steps."""
