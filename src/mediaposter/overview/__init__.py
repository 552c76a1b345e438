"""The whole at a glance: what is due next, what needs a person, the numbers of the day, the calendar."""
