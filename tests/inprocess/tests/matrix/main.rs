//! Who may do what: every operation of every service, before every kind of caller and policy.
//!
//! The tables are golden: a line for each operation, a mark for each caller or policy, in groups. They say what AWS would do,
//! by "Policy evaluation logic" of the IAM User Guide and each operation's page, and a test fails where another thing comes out,
//! and where an operation has no line.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

mod admin;
mod cast;
mod iam;
mod kms;
mod sts;

use std::collections::BTreeSet;

use engine::AnyOperation;
use serde_json::json;

/// A golden table: what stands at the beginning of a line, and its marks.
type Table = [(&'static str, &'static str)];

/// Compares a table with what came out, which is told in the table's own form.
#[track_caller]
fn compare(table: &Table, seen: &[(&str, String)]) {
    let is_as_expected = |((name, marks), (seen_name, seen_marks)): (&(&str, &str), &(&str, String))| {
        name == seen_name && marks == seen_marks
    };
    if table.len() == seen.len() && table.iter().zip(seen).all(is_as_expected) {
        return;
    }
    let mut told = String::new();
    for (name, marks) in seen {
        told.push_str(&format!("    (\"{name}\", \"{marks}\"),"));
        match table.iter().find(|(expected, _)| expected == name) {
            Some((_, expected)) if expected == marks => {}
            Some((_, expected)) => told.push_str(&format!(" // expected: {expected}")),
            None => told.push_str(" // not expected"),
        }
        told.push('\n');
    }
    panic!("it came out as\n{told}");
}

/// Checks that a table has a line for each operation of a service, and no other.
#[track_caller]
fn has_every_operation(tables: &[&Table], operations: &[&dyn AnyOperation]) {
    let lines = tables.iter().flat_map(|table| table.iter());
    let listed: BTreeSet<&str> = lines.map(|(operation, _)| *operation).collect();
    let built: BTreeSet<&str> = operations.iter().map(|operation| operation.spec().name).collect();
    assert_eq!(listed, built);
}

/// A policy of a user's or role's own: a statement for each effect, actions and resource.
fn own_policy(statements: &[(&str, &str, &str)]) -> String {
    let statement = |(effect, action, resource): &(&str, &str, &str)| json!({"Effect": effect, "Action": action, "Resource": resource});
    let statements: Vec<_> = statements.iter().map(statement).collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// The policy that allows this everywhere.
fn allowing(actions: &str) -> String {
    own_policy(&[("Allow", actions, "*")])
}

/// A trust policy that allows this to a principal.
fn trusting(principal: &serde_json::Value, action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": principal, "Action": action}}).to_string()
}

/// The ARN of something of IAM's, in an account.
fn arn(account: &str, rest: &str) -> String {
    format!("arn:aws:iam::{account}:{rest}")
}
