//! The embedded backend: SQLite behind one grouping writer.
