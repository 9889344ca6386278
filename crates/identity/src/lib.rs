//! Accounts and access keys: records and look-ups.
