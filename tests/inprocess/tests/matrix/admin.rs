//! The administration: the operator's, and nobody else's, whatever policies say.

use inprocess::*;
use serde_json::json;

use crate::cast::{Who, caller};
use crate::{Table, arn, compare, has_every_operation};

/// The columns of [`MATRIX`]. Who is allowed anything here is allowed `*`.
const COLUMNS: &[&[Who]] = &[
    &[Who::Operator],
    &[Who::Root, Who::Nobody, Who::Allowed, Who::Grouped],
    &[Who::Own, Who::OwnWithMfa, Who::Role, Who::Federated],
    &[Who::Stranger, Who::Unknown],
];

/// `+` it is done, `-` it is denied, `?` the access key is nobody's.
const MATRIX: &Table = &[
    ("CreateAccount", "+ ---- ---- -?"),
    ("ExplainAccess", "+ ---- ---- -?"),
    ("ListAccounts", "+ ---- ---- -?"),
    ("WhoCan", "+ ---- ---- -?"),
];

/// What an operation is asked.
fn asked(operation: &str) -> serde_json::Value {
    match operation {
        "ExplainAccess" => json!({"Principal": ACCOUNT, "Action": "kms:CreateKey"}),
        "WhoCan" => json!({"Resource": arn(ACCOUNT, "user/ada"), "Actions": ["iam:GetUser"]}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn who_may_do_what_with_accounts() {
    let keystead = Keystead::start().await;
    let mut seen = vec![Vec::new(); MATRIX.len()];
    for group in COLUMNS {
        seen.iter_mut().for_each(|row| row.push(String::new()));
        for who in *group {
            let caller = caller(&keystead, *who, &format!("{who:?}"), "*").await;
            for ((operation, _), row) in MATRIX.iter().zip(&mut seen) {
                let answer = keystead
                    .administer(&caller.credentials, operation, asked(operation))
                    .await;
                let mark = match (answer.status, answer.body["__type"].as_str()) {
                    (200, _) => '+',
                    (_, Some("AccessDeniedException")) => '-',
                    (_, Some("UnrecognizedClientException")) => '?',
                    _ => panic!("{operation} by {who:?}: {}", answer.body),
                };
                row.last_mut().unwrap().push(mark);
            }
        }
    }
    let seen: Vec<_> = MATRIX
        .iter()
        .zip(seen)
        .map(|((operation, _), row)| (*operation, row.join(" ")))
        .collect();
    compare(MATRIX, &seen);
}

#[test]
fn every_operation_has_a_line() {
    has_every_operation(&[MATRIX], ::admin::OPERATIONS);
}
