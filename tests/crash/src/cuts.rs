//! Power cuts at every step of a recorded run.
