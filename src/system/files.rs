//! Files, written so that nobody ever sees half of one.
