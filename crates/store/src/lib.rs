//! Transactions and typed tables over one small Backend.
