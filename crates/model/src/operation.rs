//! What is true of an operation whatever it is given.

/// The declaration of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationSpec {
    /// Its name: `Encrypt`.
    pub name: &'static str,
    /// Whether it changes nothing; `readOnly` in CloudTrail's records.
    pub read_only: bool,
    /// Whether its model has an output shape; without one, success has an empty body.
    pub has_output: bool,
    /// Whether a success counts as a use of its resources, as cryptography does of keys.
    pub uses_resources: bool,
}

impl OperationSpec {
    /// An operation that changes nothing.
    pub const fn reads(name: &'static str) -> OperationSpec {
        OperationSpec {
            name,
            read_only: true,
            has_output: true,
            uses_resources: false,
        }
    }

    /// An operation that changes something.
    pub const fn writes(name: &'static str) -> OperationSpec {
        OperationSpec {
            read_only: false,
            ..OperationSpec::reads(name)
        }
    }

    /// An operation that changes nothing, and whose successes count as uses of its resources.
    pub const fn uses(name: &'static str) -> OperationSpec {
        OperationSpec {
            uses_resources: true,
            ..OperationSpec::reads(name)
        }
    }

    /// The same operation, whose model has no output shape.
    pub const fn without_output(self) -> OperationSpec {
        OperationSpec {
            has_output: false,
            ..self
        }
    }
}
