//! One file for each operation.

mod encrypt;

use engine::AnyOperation;

/// Every operation of KMS.
pub static OPERATIONS: &[&dyn AnyOperation] = &[&encrypt::Encrypt];
