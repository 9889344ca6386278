//! Why a text is no policy, in AWS's words.

/// Why a text is no policy of its kind; `Display` is AWS's message for a `MalformedPolicyDocument` error.
///
/// Sources: IAM API Reference, "Common errors"; answers of AWS's that others recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not an object.
    #[error("This policy contains invalid Json")]
    Json,
    /// JSON that is no policy: an unknown, repeated, missing or ill-typed element, or a value that its place can't
    /// hold.
    #[error("Syntax errors in policy.")]
    Syntax {
        /// What is wrong, for the operator.
        reason: String,
    },
    /// A version of the language that there is not, or that a managed policy may not have.
    #[error("Policy document must be version 2012-10-17 or greater.")]
    Version,
    /// A trust policy of a version that there is not.
    #[error("The policy must contain a valid version string")]
    TrustVersion,
    /// A character outside tab, line feed, carriage return and U+0020 to U+00FF.
    #[error("Policy contains invalid characters.")]
    Character,

    /// An action or a condition key without its service.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    Vendorless,
    /// An action whose service can't be one.
    #[error("Vendor {0} is not valid")]
    Vendor(String),
    /// An action with a second colon.
    #[error("Actions/Condition can contain only one colon.")]
    Colons,
    /// A resource is neither `*` nor an ARN.
    #[error("Resource {0} must be in ARN format or \"*\".")]
    Resource(String),
    /// A resource of a partition that there can't be.
    #[error("Partition \"{partition}\" is not valid for resource \"{resource}\".")]
    Partition {
        /// The resource's second part.
        partition: String,
        /// The resource.
        resource: String,
    },
    /// A resource with wildcards or variables where its service stands.
    #[error("Resource vendor must be fully qualified and cannot contain regexes.")]
    ResourceVendor,

    /// Two statements share a name.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    Sid,
    /// A statement's name has other characters than letters and digits.
    #[error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    )]
    SidForm,
    /// A statement says nothing of actions.
    #[error("Policy statement must contain actions.")]
    Actionless,
    /// A statement says nothing of resources.
    #[error("Policy statement must contain resources.")]
    Resourceless,
    /// A policy of a caller names principals.
    #[error("Policy document should not specify a principal.")]
    Principal,

    /// A trust policy without statements.
    #[error("Could not parse the policy: Statement is empty!")]
    TrustEmpty,
    /// An element that each statement of a trust or resource policy needs.
    #[error("Missing required field {0}")]
    Missing(&'static str),
    /// A trust policy's principals are none.
    #[error("Missing required field Principal cannot be empty!")]
    TrustNobody,
    /// A trust policy names resources; it speaks of its role.
    #[error("Has prohibited field Resource")]
    TrustResource,
    /// A trust policy names what it doesn't speak of.
    #[error("AssumeRole policy must not contain resources.")]
    TrustNotResource,
    /// A trust policy for everybody but some.
    #[error("Allow with NotPrincipal is not allowed.")]
    TrustAllowNotPrincipal,
    /// A trust policy against everybody but some.
    #[error("AssumeRole policy must not contain NotPrincipal field.")]
    TrustNotPrincipal,
    /// A trust policy about something else than STS.
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    TrustAction,

    /// A key policy asks that each of the values of a key passes that has one value or none: no value passes.
    #[error(
        "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches \
         requests without the specified [encryption context or tag] or with an unspecified [encryption context or \
         tag]. To fix, remove ForAllValues."
    )]
    OverlyPermissive,
}

impl Malformed {
    pub(crate) fn syntax(reason: impl Into<String>) -> Malformed {
        Malformed::Syntax {
            reason: reason.into(),
        }
    }
}
