//! One file for each operation.

mod get_access_key_info;
mod get_caller_identity;

use engine::{AnyOperation, Targets};

/// Every operation, one line each.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &get_access_key_info::GetAccessKeyInfo,
    &get_caller_identity::GetCallerIdentity,
];

/// What calls are about that concern no resource.
#[derive(Debug, Clone, Copy)]
pub struct NoTarget;

impl Targets for NoTarget {
    fn resources(&self) -> Vec<engine::Resource> {
        Vec::new()
    }
}
