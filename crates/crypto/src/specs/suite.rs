//! What holds of every spec in the table, whatever its family.
