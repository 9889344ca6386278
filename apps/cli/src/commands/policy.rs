//! `keystead policy`

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::Failed;
use super::account::At;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells whether a principal may do something, and which statements and grants say so
    Explain(Explain),
    /// Lists every principal and grant that may do something with a key, with what says so
    WhoCan(WhoCan),
}

#[derive(Debug, Args)]
struct Explain {
    /// The ARN of a user, a role, a role's session or a root user, or the number of an account
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// What it would do, such as kms:Decrypt
    #[arg(long)]
    action: String,
    /// The ARN of what it would do it to
    #[arg(long, value_name = "ARN", default_value = "*")]
    resource: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct WhoCan {
    /// The ARN of a key, of an alias, or of a role
    #[arg(long, value_name = "ARN")]
    key: String,
    /// An action to ask about; all that the key's policy decides unless given
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    #[command(flatten)]
    how: How,
}

/// What both are told besides.
#[derive(Debug, Args)]
struct How {
    /// A value that the call would have for a condition key, such as kms:EncryptionContext:team=red; may be repeated
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// Prints the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains(':') => Ok((key.to_owned(), value.to_owned())),
        _ => Err("give a condition key, = and its value, as in aws:SourceIp=192.0.2.7".to_owned()),
    }
}

impl How {
    fn context(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut context: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in &self.context {
            context.entry(key).or_default().push(value);
        }
        context
    }
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        secret::forbid_core_dumps();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match self.command {
                Command::Explain(explain) => explain.run().await,
                Command::WhoCan(who_can) => who_can.run().await,
            }
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    policy_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    statement: String,
    effect: String,
    certain: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match (self.effect.as_str(), self.certain) {
            ("Allow", true) => "allows",
            ("Allow", false) => "may allow",
            (_, true) => "denies",
            (_, false) => "may deny",
        };
        let kind = match self.policy_type.as_str() {
            "Resource" => "the resource's policy",
            "PermissionsBoundary" => "the permissions boundary",
            _ => "policy",
        };
        write!(f, "{effect}: \"{}\" of {kind}", self.statement)?;
        if let Some(policy) = &self.policy {
            write!(f, " {policy}")?;
        }
        if let Some(group) = &self.group {
            write!(f, " of group {group}")?;
        }
        match &self.condition {
            Some(condition) => write!(f, ", if {condition}"),
            None => Ok(()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Grant {
    grant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<String>,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.constraints {
            Some(constraints) => write!(f, "may allow: grant {}, if {constraints}", self.grant_id),
            None => write!(f, "allows: grant {}", self.grant_id),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Explained {
    decision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    denied_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denied_by_statement: Option<String>,
    resource: String,
    statements: Vec<Statement>,
    grants: Vec<Grant>,
    unknown_keys: Vec<String>,
}

impl Explain {
    async fn run(self) -> Result<(), Failed> {
        let operation = "ExplainAccess";
        let input = json!({
            "Principal": self.principal, "Action": self.action, "Resource": self.resource, "Context": self.how.context(),
        });
        let answer = self.how.at.client()?.call_admin(operation, &input).await?;
        let explained: Explained = answer.read(operation)?;
        let mut out = io::stdout().lock();
        if self.how.json {
            return write_json(&mut out, &explained);
        }
        let Explained {
            decision,
            denied_by,
            denied_by_statement,
            resource,
            statements,
            grants,
            unknown_keys,
        } = &explained;
        let (principal, action) = (&self.principal, &self.action);
        writeln!(out, "{decision}: {principal} {action} {resource}")?;
        for statement in statements {
            writeln!(out, "  {statement}")?;
        }
        for grant in grants {
            writeln!(out, "  {grant}")?;
        }
        match (decision.as_str(), denied_by, denied_by_statement) {
            ("Depends", ..) => writeln!(out, "It depends on {}.", unknown_keys.join(", "))?,
            ("Denied", Some(policy), Some(statement)) => {
                writeln!(out, "\"{statement}\" of the {policy} denies it.")?;
            }
            ("Denied", Some(policy), None) => writeln!(out, "No {policy} allows it.")?,
            _ => {}
        }
        Ok(out.flush()?)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    resource: String,
    principals: Vec<Principal>,
    other_grants: Vec<OtherGrant>,
    #[serde(skip_serializing)]
    next_token: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Principal {
    principal: String,
    access: Vec<Access>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Access {
    actions: Vec<String>,
    decision: String,
    statements: Vec<Statement>,
    grants: Vec<Grant>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OtherGrant {
    grant_id: String,
    grantee: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<String>,
}

impl WhoCan {
    async fn run(self) -> Result<(), Failed> {
        let operation = "WhoCan";
        let mut client = self.how.at.client()?;
        let mut whole: Option<Page> = None;
        loop {
            let mut input = json!({ "Resource": self.key, "Context": self.how.context() });
            if let Value::Object(input) = &mut input {
                if !self.actions.is_empty() {
                    input.insert("Actions".to_owned(), json!(self.actions));
                }
                if let Some(token) = whole.as_ref().and_then(|page| page.next_token.as_ref()) {
                    input.insert("NextToken".to_owned(), json!(token));
                }
            }
            let page: Page = client.call_admin(operation, &input).await?.read(operation)?;
            let whole = match &mut whole {
                None => whole.insert(page),
                Some(whole) => {
                    whole.principals.extend(page.principals);
                    whole.next_token = page.next_token;
                    whole
                }
            };
            if whole.next_token.is_some() {
                continue;
            }
            let mut out = io::stdout().lock();
            return match self.how.json {
                true => write_json(&mut out, whole),
                false => write_table(&mut out, whole),
            };
        }
    }
}

fn write_table(out: &mut impl Write, page: &Page) -> Result<(), Failed> {
    writeln!(out, "{}", page.resource)?;
    for Principal { principal, access } in &page.principals {
        writeln!(out, "{principal}")?;
        for access in access {
            let certainly = match access.decision.as_str() {
                "Allowed" => "may",
                _ => "may sometimes",
            };
            writeln!(out, "  {certainly} {}", access.actions.join(" "))?;
            for statement in &access.statements {
                writeln!(out, "    {statement}")?;
            }
            for grant in &access.grants {
                writeln!(out, "    {grant}")?;
            }
        }
    }
    for grant in &page.other_grants {
        let OtherGrant {
            grant_id,
            grantee,
            action,
            constraints,
        } = grant;
        write!(out, "{grantee}\n  may {action} by grant {grant_id}")?;
        match constraints {
            Some(constraints) => writeln!(out, ", if {constraints}")?,
            None => writeln!(out)?,
        }
    }
    Ok(out.flush()?)
}

fn write_json(out: &mut impl Write, answer: &impl Serialize) -> Result<(), Failed> {
    serde_json::to_writer_pretty(&mut *out, answer)?;
    writeln!(out)?;
    Ok(out.flush()?)
}
