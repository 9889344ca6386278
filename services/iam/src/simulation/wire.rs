//! The members of simulations on the wire.

use model::Shape;

/// An action that is simulated.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 3..=128)]
pub struct ActionName(pub String);

/// A resource, or whoever is taken for the caller.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=2048)]
pub struct ResourceName(pub String);

/// Which resources a simulation of EC2 needs; there is none here.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64)]
pub struct ResourceHandling(pub String);

/// A condition key with its values.
#[derive(Debug, Clone, Shape)]
pub struct ContextEntry {
    /// The key.
    #[shape(audit = log)]
    pub context_key_name: Option<ContextKeyName>,
    /// Its values.
    #[shape(audit = log)]
    pub context_key_values: Option<Vec<String>>,
    /// What they are.
    #[shape(audit = log)]
    pub context_key_type: Option<ContextKeyType>,
}

/// The name of a condition key.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 5..=256)]
pub struct ContextKeyName(pub String);

/// What the values of a condition key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ContextKeyType {
    /// A text.
    #[shape(rename = "string")]
    String,
    /// Texts.
    #[shape(rename = "stringList")]
    StringList,
    /// A number.
    #[shape(rename = "numeric")]
    Numeric,
    /// Numbers.
    #[shape(rename = "numericList")]
    NumericList,
    /// True or false.
    #[shape(rename = "boolean")]
    Boolean,
    /// Several of these.
    #[shape(rename = "booleanList")]
    BooleanList,
    /// An address or a range of them.
    #[shape(rename = "ip")]
    Ip,
    /// Several of these.
    #[shape(rename = "ipList")]
    IpList,
    /// Bytes, in base64.
    #[shape(rename = "binary")]
    Binary,
    /// Several of these.
    #[shape(rename = "binaryList")]
    BinaryList,
    /// A date.
    #[shape(rename = "date")]
    Date,
    /// Dates.
    #[shape(rename = "dateList")]
    DateList,
}

impl ContextKeyType {
    /// Whether there may be several values.
    pub fn is_list(self) -> bool {
        matches!(
            self,
            ContextKeyType::StringList
                | ContextKeyType::NumericList
                | ContextKeyType::BooleanList
                | ContextKeyType::IpList
                | ContextKeyType::BinaryList
                | ContextKeyType::DateList
        )
    }
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum EvalDecision {
    /// It is allowed.
    #[shape(rename = "allowed")]
    Allowed,
    /// A statement denies it.
    #[shape(rename = "explicitDeny")]
    ExplicitDeny,
    /// Nothing allows it.
    #[shape(rename = "implicitDeny")]
    ImplicitDeny,
}

/// A place in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub struct Position {
    /// The line, from 1.
    #[shape(audit = omit)]
    pub line: i32,
    /// The column, in characters from 1.
    #[shape(audit = omit)]
    pub column: i32,
}

impl From<engine::Position> for Position {
    fn from(place: engine::Position) -> Position {
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        Position {
            line: number(place.line),
            column: number(place.column),
        }
    }
}

/// A statement that decides.
#[derive(Debug, Clone, Shape)]
pub struct Statement {
    /// Which policy it is of.
    #[shape(audit = omit)]
    pub source_policy_id: Option<String>,
    /// Of which kind that is.
    #[shape(audit = omit)]
    pub source_policy_type: Option<String>,
    /// Where it begins.
    #[shape(audit = omit)]
    pub start_position: Option<Position>,
    /// Where it ends.
    #[shape(audit = omit)]
    pub end_position: Option<Position>,
}

/// What a permissions boundary makes of it.
#[derive(Debug, Clone, Copy, Shape)]
pub struct BoundaryDetail {
    /// Whether it allows.
    #[shape(audit = omit)]
    pub allowed_by_permissions_boundary: bool,
}

/// What is decided of one action on one resource.
#[derive(Debug, Clone, Shape)]
pub struct EvaluationResult {
    /// The action.
    #[shape(audit = omit)]
    pub eval_action_name: ActionName,
    /// The resource.
    #[shape(audit = omit)]
    pub eval_resource_name: Option<ResourceName>,
    /// The decision.
    #[shape(audit = omit)]
    pub eval_decision: EvalDecision,
    /// The statements that decide.
    #[shape(audit = omit)]
    pub matched_statements: Option<Vec<Statement>>,
    /// Condition keys that the policies look at and that have no value.
    #[shape(audit = omit)]
    pub missing_context_values: Option<Vec<ContextKeyName>>,
    /// What a permissions boundary makes of it, where there is one.
    #[shape(audit = omit)]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
    /// The same, for each resource that was named.
    #[shape(audit = omit)]
    pub resource_specific_results: Option<Vec<ResourceSpecificResult>>,
}

/// What is decided of a resource that was named.
#[derive(Debug, Clone, Shape)]
pub struct ResourceSpecificResult {
    /// The resource.
    #[shape(audit = omit)]
    pub eval_resource_name: ResourceName,
    /// The decision.
    #[shape(audit = omit)]
    pub eval_resource_decision: EvalDecision,
    /// The statements that decide.
    #[shape(audit = omit)]
    pub matched_statements: Option<Vec<Statement>>,
    /// Condition keys that the policies look at and that have no value.
    #[shape(audit = omit)]
    pub missing_context_values: Option<Vec<ContextKeyName>>,
    /// What a permissions boundary makes of it, where there is one.
    #[shape(audit = omit)]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

/// The answer of both simulations.
#[derive(Debug, Shape)]
pub struct SimulatePolicyOutput {
    /// What is decided, action by action and resource by resource.
    #[shape(audit = omit)]
    pub evaluation_results: Option<Vec<EvaluationResult>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}
