//! The output of operations that have none.

use model::Shape;

/// No output: the answer's body is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub struct Nothing {}
