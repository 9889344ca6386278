//! IAM: every operation on something of the account's, and those that are about the caller unless they name a user.

use engine::AnyOperation;
use inprocess::*;

use crate::cast::{Caller, Who, caller, code};
use crate::{Table, arn, compare, has_every_operation, own_policy, trusting};

/// The columns of [`MATRIX`].
const COLUMNS: &[&[Who]] = &[
    &[Who::Root],
    // Whoever is allowed all of IAM; and who is allowed, or denied beside that, the one operation by its name.
    &[
        Who::Nobody,
        Who::Allowed,
        Who::Grouped,
        Who::Named,
        Who::Elsewhere,
        Who::Denied,
        Who::Bounded,
    ],
    &[Who::Own, Who::OwnWithMfa, Who::Role, Who::Passed, Who::Federated],
    &[Who::Stranger],
    &[Who::Operator],
    // Which kind of thing the operation asks for.
    &[
        Who::On("user"),
        Who::On("group"),
        Who::On("role"),
        Who::On("policy"),
        Who::On("mfa"),
        Who::On("oidc-provider"),
    ],
];

/// For each operation what comes of it in each of [`COLUMNS`]: `+` it is done, `-` it is denied, `0` the caller, who is allowed,
/// hears that there is no such thing in their own account.
const MATRIX: &Table = &[
    ("AddClientIDToOpenIDConnectProvider", "+ -+++--- -++-- 0 - -----+"),
    ("AddUserToGroup", "+ -+++--- -++-- 0 - -+----"),
    ("AttachGroupPolicy", "+ -+++--- -++-- 0 - -+----"),
    ("AttachRolePolicy", "+ -+++--- -++-- 0 - --+---"),
    ("AttachUserPolicy", "+ -+++--- -++-- 0 - +-----"),
    ("CreateAccessKey", "+ -+++--- -++-- 0 - +-----"),
    ("CreateAccountAlias", "+ -+++--- -++-- + - ------"),
    ("CreateGroup", "+ -+++--- -++-- + - -+----"),
    ("CreateLoginProfile", "+ -+++--- -++-- 0 - +-----"),
    ("CreateOpenIDConnectProvider", "+ -+++--- -++-- + - -----+"),
    ("CreatePolicy", "+ -+++--- -++-- + - ---+--"),
    ("CreatePolicyVersion", "+ -+++--- -++-- 0 - ---+--"),
    ("CreateRole", "+ -+++--- -++-- + - --+---"),
    ("CreateUser", "+ -+++--- -++-- + - +-----"),
    ("CreateVirtualMFADevice", "+ -+++--- -++-- + - ----+-"),
    ("DeactivateMFADevice", "+ -+++--- -++-- 0 - +-----"),
    ("DeleteAccessKey", "+ -+++--- -++-- 0 - +-----"),
    ("DeleteAccountAlias", "+ -+++--- -++-- 0 - ------"),
    ("DeleteAccountPasswordPolicy", "+ -+++--- -++-- 0 - ------"),
    ("DeleteGroup", "+ -+++--- -++-- 0 - -+----"),
    ("DeleteGroupPolicy", "+ -+++--- -++-- 0 - -+----"),
    ("DeleteLoginProfile", "+ -+++--- -++-- 0 - +-----"),
    ("DeleteOpenIDConnectProvider", "+ -+++--- -++-- 0 - -----+"),
    ("DeletePolicy", "+ -+++--- -++-- 0 - ---+--"),
    ("DeletePolicyVersion", "+ -+++--- -++-- 0 - ---+--"),
    ("DeleteRole", "+ -+++--- -++-- 0 - --+---"),
    ("DeleteRolePermissionsBoundary", "+ -+++--- -++-- 0 - --+---"),
    ("DeleteRolePolicy", "+ -+++--- -++-- 0 - --+---"),
    ("DeleteUser", "+ -+++--- -++-- 0 - +-----"),
    ("DeleteUserPermissionsBoundary", "+ -+++--- -++-- 0 - +-----"),
    ("DeleteUserPolicy", "+ -+++--- -++-- 0 - +-----"),
    ("DeleteVirtualMFADevice", "+ -+++--- -++-- 0 - ----+-"),
    ("DetachGroupPolicy", "+ -+++--- -++-- 0 - -+----"),
    ("DetachRolePolicy", "+ -+++--- -++-- 0 - --+---"),
    ("DetachUserPolicy", "+ -+++--- -++-- 0 - +-----"),
    ("EnableMFADevice", "+ -+++--- -++-- 0 - +-----"),
    ("GenerateServiceLastAccessedDetails", "+ -+++--- -++-- 0 - +-----"),
    ("GetAccessKeyLastUsed", "+ -+++--- -++-- 0 - +-----"),
    ("GetAccountAuthorizationDetails", "+ -+++--- -++-- + - ------"),
    ("GetAccountPasswordPolicy", "+ -+++--- -++-- 0 - ------"),
    ("GetAccountSummary", "+ -+++--- -++-- + - ------"),
    ("GetContextKeysForCustomPolicy", "+ -+++--- -++-- + - ------"),
    ("GetContextKeysForPrincipalPolicy", "+ -+++--- -++-- 0 - +-----"),
    ("GetGroup", "+ -+++--- -++-- 0 - -+----"),
    ("GetGroupPolicy", "+ -+++--- -++-- 0 - -+----"),
    ("GetLoginProfile", "+ -+++--- -++-- 0 - +-----"),
    ("GetMFADevice", "+ -+++--- -++-- 0 - +-----"),
    ("GetOpenIDConnectProvider", "+ -+++--- -++-- 0 - -----+"),
    ("GetPolicy", "+ -+++--- -++-- 0 - ---+--"),
    ("GetPolicyVersion", "+ -+++--- -++-- 0 - ---+--"),
    ("GetRole", "+ -+++--- -++-- 0 - --+---"),
    ("GetRolePolicy", "+ -+++--- -++-- 0 - --+---"),
    ("GetServiceLastAccessedDetails", "+ -+++--- -++-- 0 - ------"),
    (
        "GetServiceLastAccessedDetailsWithEntities",
        "+ -+++--- -++-- 0 - ------",
    ),
    ("GetUser", "+ -+++--- -++-- 0 - +-----"),
    ("GetUserPolicy", "+ -+++--- -++-- 0 - +-----"),
    ("ListAccessKeys", "+ -+++--- -++-- 0 - +-----"),
    ("ListAccountAliases", "+ -+++--- -++-- + - ------"),
    ("ListAttachedGroupPolicies", "+ -+++--- -++-- 0 - -+----"),
    ("ListAttachedRolePolicies", "+ -+++--- -++-- 0 - --+---"),
    ("ListAttachedUserPolicies", "+ -+++--- -++-- 0 - +-----"),
    ("ListEntitiesForPolicy", "+ -+++--- -++-- 0 - ---+--"),
    ("ListGroupPolicies", "+ -+++--- -++-- 0 - -+----"),
    ("ListGroups", "+ -+++--- -++-- + - ------"),
    ("ListGroupsForUser", "+ -+++--- -++-- 0 - +-----"),
    ("ListMFADeviceTags", "+ -+++--- -++-- 0 - ----+-"),
    ("ListMFADevices", "+ -+++--- -++-- 0 - +-----"),
    ("ListOpenIDConnectProviderTags", "+ -+++--- -++-- 0 - -----+"),
    ("ListOpenIDConnectProviders", "+ -+++--- -++-- + - ------"),
    ("ListPolicies", "+ -+++--- -++-- + - ------"),
    ("ListPolicyTags", "+ -+++--- -++-- 0 - ---+--"),
    ("ListPolicyVersions", "+ -+++--- -++-- 0 - ---+--"),
    ("ListRolePolicies", "+ -+++--- -++-- 0 - --+---"),
    ("ListRoleTags", "+ -+++--- -++-- 0 - --+---"),
    ("ListRoles", "+ -+++--- -++-- + - ------"),
    ("ListUserPolicies", "+ -+++--- -++-- 0 - +-----"),
    ("ListUserTags", "+ -+++--- -++-- 0 - +-----"),
    ("ListUsers", "+ -+++--- -++-- + - ------"),
    ("ListVirtualMFADevices", "+ -+++--- -++-- + - ------"),
    ("PutGroupPolicy", "+ -+++--- -++-- 0 - -+----"),
    ("PutRolePermissionsBoundary", "+ -+++--- -++-- 0 - --+---"),
    ("PutRolePolicy", "+ -+++--- -++-- 0 - --+---"),
    ("PutUserPermissionsBoundary", "+ -+++--- -++-- 0 - +-----"),
    ("PutUserPolicy", "+ -+++--- -++-- 0 - +-----"),
    (
        "RemoveClientIDFromOpenIDConnectProvider",
        "+ -+++--- -++-- 0 - -----+",
    ),
    ("RemoveUserFromGroup", "+ -+++--- -++-- 0 - -+----"),
    ("ResyncMFADevice", "+ -+++--- -++-- 0 - +-----"),
    ("SetDefaultPolicyVersion", "+ -+++--- -++-- 0 - ---+--"),
    ("SimulateCustomPolicy", "+ -+++--- -++-- + - ------"),
    ("SimulatePrincipalPolicy", "+ -+++--- -++-- 0 - +-----"),
    ("TagMFADevice", "+ -+++--- -++-- 0 - ----+-"),
    ("TagOpenIDConnectProvider", "+ -+++--- -++-- 0 - -----+"),
    ("TagPolicy", "+ -+++--- -++-- 0 - ---+--"),
    ("TagRole", "+ -+++--- -++-- 0 - --+---"),
    ("TagUser", "+ -+++--- -++-- 0 - +-----"),
    ("UntagMFADevice", "+ -+++--- -++-- 0 - ----+-"),
    ("UntagOpenIDConnectProvider", "+ -+++--- -++-- 0 - -----+"),
    ("UntagPolicy", "+ -+++--- -++-- 0 - ---+--"),
    ("UntagRole", "+ -+++--- -++-- 0 - --+---"),
    ("UntagUser", "+ -+++--- -++-- 0 - +-----"),
    ("UpdateAccessKey", "+ -+++--- -++-- 0 - +-----"),
    ("UpdateAccountPasswordPolicy", "+ -+++--- -++-- + - ------"),
    ("UpdateAssumeRolePolicy", "+ -+++--- -++-- 0 - --+---"),
    ("UpdateGroup", "+ -+++--- -++-- 0 - -+----"),
    ("UpdateLoginProfile", "+ -+++--- -++-- 0 - +-----"),
    (
        "UpdateOpenIDConnectProviderThumbprint",
        "+ -+++--- -++-- 0 - -----+",
    ),
    ("UpdateRole", "+ -+++--- -++-- 0 - --+---"),
    ("UpdateRoleDescription", "+ -+++--- -++-- 0 - --+---"),
    ("UpdateUser", "+ -+++--- -++-- 0 - +-----"),
];

/// The columns of [`OF_ITSELF`] and [`OF_ITSELF_WHERE_USERS_MAY`].
const SELVES: &[&[Who]] = &[
    &[Who::Root],
    &[
        Who::Nobody,
        Who::Allowed,
        Who::OnItself,
        Who::Denied,
        Who::Bounded,
    ],
    &[Who::Own, Who::OwnWithMfa, Who::Role, Who::Federated],
    &[Who::Operator],
];

/// What comes of the operations that are about the caller where they name no user: `v` the caller is no user and has to name one,
/// `x` it is for users alone.
const OF_ITSELF: &Table = &[
    ("ChangePassword", "x -++-- -+xx x"),
    ("CreateAccessKey", "+ -++-- -+vv v"),
    ("CreateLoginProfile", "v -++-- -+vv v"),
    ("DeactivateMFADevice", "v -++-- -+vv v"),
    ("DeleteAccessKey", "+ -++-- -+vv v"),
    ("DeleteLoginProfile", "v -++-- -+vv v"),
    ("GetLoginProfile", "v -++-- -+vv v"),
    ("GetMFADevice", "v -++-- -+vv v"),
    // AWS tells the root user of itself, without a name and a path; that is not built.
    ("GetUser", "v -++-- -+vv v"),
    ("ListAccessKeys", "+ -++-- -+vv v"),
    ("ListMFADevices", "+ -++-- -+vv v"),
    ("UpdateAccessKey", "+ -++-- -+vv v"),
];

/// The same, where the account lets its users change their passwords: that names each of them.
const OF_ITSELF_WHERE_USERS_MAY: &Table = &[
    ("ChangePassword", "x +++-+ -+xx x"),
    ("GetAccountPasswordPolicy", "+ +++-+ -++- -"),
];

/// What an operation is tried on: it has a name, by which all that is made for it is called.
struct Subject {
    name: String,
    /// The user that it is about.
    user: String,
    /// An access key of the user's.
    key: String,
    /// A report on the user.
    job: String,
    /// The codes that a device is enabled by, and those of now.
    codes: [String; 4],
}

/// What has to be done before an operation has something to be tried on.
fn before(operation: &str) -> &'static [&'static str] {
    match operation {
        "AddUserToGroup" => &["CreateUser", "CreateGroup"],
        "RemoveUserFromGroup" => &["AddUserToGroup"],
        "AttachUserPolicy" | "PutUserPermissionsBoundary" => &["CreateUser", "CreatePolicy"],
        "AttachGroupPolicy" => &["CreateGroup", "CreatePolicy"],
        "AttachRolePolicy" | "PutRolePermissionsBoundary" => &["CreateRole", "CreatePolicy"],
        "DetachUserPolicy" => &["AttachUserPolicy"],
        "DetachGroupPolicy" => &["AttachGroupPolicy"],
        "DetachRolePolicy" => &["AttachRolePolicy"],
        "DeleteUserPermissionsBoundary" => &["PutUserPermissionsBoundary"],
        "DeleteRolePermissionsBoundary" => &["PutRolePermissionsBoundary"],
        "DeleteUserPolicy" | "GetUserPolicy" => &["PutUserPolicy"],
        "DeleteGroupPolicy" | "GetGroupPolicy" => &["PutGroupPolicy"],
        "DeleteRolePolicy" | "GetRolePolicy" => &["PutRolePolicy"],
        "DeleteAccessKey" | "GetAccessKeyLastUsed" | "UpdateAccessKey" => &["CreateAccessKey"],
        "ChangePassword" | "DeleteLoginProfile" | "GetLoginProfile" | "UpdateLoginProfile" => {
            &["CreateLoginProfile"]
        }
        "EnableMFADevice" => &["CreateUser", "CreateVirtualMFADevice"],
        "DeactivateMFADevice" | "GetMFADevice" | "ResyncMFADevice" => &["EnableMFADevice"],
        "DeletePolicyVersion" | "GetPolicyVersion" | "SetDefaultPolicyVersion" => &["CreatePolicyVersion"],
        "DeleteAccountAlias" => &["CreateAccountAlias"],
        "DeleteAccountPasswordPolicy" | "GetAccountPasswordPolicy" => &["UpdateAccountPasswordPolicy"],
        "CreateAccessKey"
        | "CreateLoginProfile"
        | "DeleteUser"
        | "GenerateServiceLastAccessedDetails"
        | "GetContextKeysForPrincipalPolicy"
        | "GetUser"
        | "ListAccessKeys"
        | "ListAttachedUserPolicies"
        | "ListGroupsForUser"
        | "ListMFADevices"
        | "ListUserPolicies"
        | "ListUserTags"
        | "PutUserPolicy"
        | "SimulatePrincipalPolicy"
        | "TagUser"
        | "UntagUser"
        | "UpdateUser" => &["CreateUser"],
        "GetServiceLastAccessedDetails" | "GetServiceLastAccessedDetailsWithEntities" => {
            &["GenerateServiceLastAccessedDetails"]
        }
        "DeleteGroup"
        | "GetGroup"
        | "ListAttachedGroupPolicies"
        | "ListGroupPolicies"
        | "PutGroupPolicy"
        | "UpdateGroup" => &["CreateGroup"],
        "DeleteRole"
        | "GetRole"
        | "ListAttachedRolePolicies"
        | "ListRolePolicies"
        | "ListRoleTags"
        | "PutRolePolicy"
        | "TagRole"
        | "UntagRole"
        | "UpdateAssumeRolePolicy"
        | "UpdateRole"
        | "UpdateRoleDescription" => &["CreateRole"],
        "CreatePolicyVersion"
        | "DeletePolicy"
        | "GetPolicy"
        | "ListEntitiesForPolicy"
        | "ListPolicyTags"
        | "ListPolicyVersions"
        | "TagPolicy"
        | "UntagPolicy" => &["CreatePolicy"],
        "DeleteVirtualMFADevice" | "ListMFADeviceTags" | "TagMFADevice" | "UntagMFADevice" => {
            &["CreateVirtualMFADevice"]
        }
        "AddClientIDToOpenIDConnectProvider"
        | "DeleteOpenIDConnectProvider"
        | "GetOpenIDConnectProvider"
        | "ListOpenIDConnectProviderTags"
        | "RemoveClientIDFromOpenIDConnectProvider"
        | "TagOpenIDConnectProvider"
        | "UntagOpenIDConnectProvider"
        | "UpdateOpenIDConnectProviderThumbprint" => &["CreateOpenIDConnectProvider"],
        _ => &[],
    }
}

/// All that has to be done before it, in order.
fn steps(operation: &str) -> Vec<&'static str> {
    let mut steps = Vec::new();
    for step in before(operation) {
        steps.extend(self::steps(step));
        steps.push(*step);
    }
    steps
}

impl Subject {
    /// Makes what an operation is tried on. The user, where one is given, is there already.
    async fn of(keystead: &Keystead, operation: &str, name: String, user: Option<&str>) -> Subject {
        let mut subject = Subject {
            user: user.unwrap_or(&name).to_owned(),
            name,
            key: String::new(),
            job: String::new(),
            codes: Default::default(),
        };
        for step in steps(operation) {
            // The account's settings are the table's.
            if user.is_some() && matches!(step, "CreateUser" | "UpdateAccountPasswordPolicy") {
                continue;
            }
            let parameters = subject.parameters(named(step), true);
            let made = try_with(keystead, &keystead.root(ACCOUNT), step, &parameters).await;
            let made = made.unwrap_or_else(|refusal| panic!("{step} for {operation}: {refusal}"));
            match step {
                "CreateAccessKey" => subject.key = element(&made, "AccessKeyId").unwrap().to_owned(),
                "GenerateServiceLastAccessedDetails" => {
                    subject.job = element(&made, "JobId").unwrap().to_owned();
                }
                "CreateVirtualMFADevice" => {
                    subject.codes = [-3, -2, 0, 1].map(|step| code(keystead, &made, step));
                }
                _ => {}
            }
        }
        subject
    }

    /// What a call is made with: of the operation's members those that tell what it is about, and those that it has to have.
    fn parameters(&self, operation: &dyn AnyOperation, names_user: bool) -> Vec<(&'static str, String)> {
        let has = |member: &str| operation.input().member(member).is_some();
        let name = operation.spec().name;
        let trust = trusting(
            &serde_json::json!({"AWS": arn(ACCOUNT, "root")}),
            "sts:AssumeRole",
        );
        let document = match has("RoleName") && !has("PolicyName") {
            true => trust.clone(),
            false => own_policy(&[("Allow", "s3:*", "*")]),
        };
        let [one, next] = match name {
            "ResyncMFADevice" => [&self.codes[2], &self.codes[3]],
            _ => [&self.codes[0], &self.codes[1]],
        };
        let own = self.name.as_str();
        let values = [
            ("AccessKeyId", "AccessKeyId", self.key.clone()),
            ("AccountAlias", "AccountAlias", own.to_owned()),
            ("Arn", "Arn", arn(ACCOUNT, &format!("user/{}", self.user))),
            ("AssumeRolePolicyDocument", "AssumeRolePolicyDocument", trust),
            ("ActionNames", "ActionNames.member.1", "kms:Decrypt".to_owned()),
            ("AuthenticationCode1", "AuthenticationCode1", one.clone()),
            ("AuthenticationCode2", "AuthenticationCode2", next.clone()),
            ("ClientID", "ClientID", "other".to_owned()),
            ("ClientIDList", "ClientIDList.member.1", "other".to_owned()),
            ("Description", "Description", "d".to_owned()),
            ("GroupName", "GroupName", own.to_owned()),
            ("JobId", "JobId", self.job.clone()),
            ("NewPassword", "NewPassword", "Another1!pass".to_owned()),
            ("OldPassword", "OldPassword", "The-first1pass".to_owned()),
            (
                "OpenIDConnectProviderArn",
                "OpenIDConnectProviderArn",
                arn(ACCOUNT, &format!("oidc-provider/{own}.example.com")),
            ),
            ("Password", "Password", "The-first1pass".to_owned()),
            ("PolicyArn", "PolicyArn", arn(ACCOUNT, &format!("policy/{own}"))),
            ("PolicyDocument", "PolicyDocument", document.clone()),
            ("PolicyInputList", "PolicyInputList.member.1", document),
            ("PolicyName", "PolicyName", own.to_owned()),
            (
                "PolicySourceArn",
                "PolicySourceArn",
                arn(ACCOUNT, &format!("user/{}", self.user)),
            ),
            ("RoleName", "RoleName", own.to_owned()),
            (
                "SerialNumber",
                "SerialNumber",
                arn(ACCOUNT, &format!("mfa/{own}")),
            ),
            ("ServiceNamespace", "ServiceNamespace", "kms".to_owned()),
            ("Status", "Status", "Inactive".to_owned()),
            ("TagKeys", "TagKeys.member.1", "k".to_owned()),
            ("Tags", "Tags.member.1.Key", "k".to_owned()),
            ("Tags", "Tags.member.1.Value", "v".to_owned()),
            ("ThumbprintList", "ThumbprintList.member.1", "0".repeat(40)),
            ("Url", "Url", format!("https://{own}.example.com")),
            ("VersionId", "VersionId", "v2".to_owned()),
            ("VirtualMFADeviceName", "VirtualMFADeviceName", own.to_owned()),
        ];
        let mut parameters: Vec<_> = values
            .into_iter()
            .filter(|(member, ..)| has(member))
            .map(|(_, parameter, value)| (parameter, value))
            .collect();
        if has("UserName") && names_user {
            parameters.push(("UserName", self.user.clone()));
        }
        if name.starts_with("Put") && has("PermissionsBoundary") {
            parameters.push(("PermissionsBoundary", arn(ACCOUNT, &format!("policy/{own}"))));
        }
        parameters
    }
}

fn named(name: &str) -> &'static dyn AnyOperation {
    let mut operations = ::iam::OPERATIONS.iter();
    *operations
        .find(|operation| operation.spec().name == name)
        .unwrap()
}

async fn try_with(
    keystead: &Keystead,
    credentials: &Credentials,
    operation: &str,
    parameters: &[(&'static str, String)],
) -> Result<String, String> {
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    keystead.try_query(credentials, operation, &parameters).await
}

/// What came of a call.
fn mark(answer: &Result<String, String>) -> char {
    let Err(refusal) = answer else {
        return '+';
    };
    match element(refusal, "Code") {
        Some("AccessDenied") => '-',
        Some("NoSuchEntity") => '0',
        Some("ValidationError") if refusal.contains("Must specify userName") => 'v',
        Some("InvalidUserType") => 'x',
        _ => panic!("{refusal}"),
    }
}

/// What a user is allowed or denied for one line alone.
async fn for_this_line(keystead: &Keystead, user: &str, effect: &str, operation: &str) {
    let document = own_policy(&[(effect, &format!("iam:{operation}"), "*")]);
    let parameters = [
        ("UserName", user),
        ("PolicyName", "line"),
        ("PolicyDocument", &document),
    ];
    keystead
        .query(&keystead.root(ACCOUNT), "PutUserPolicy", &parameters)
        .await;
}

#[tokio::test]
async fn who_may_do_what_in_an_account() {
    let keystead = Keystead::start().await;
    let mut cast = Vec::new();
    for who in COLUMNS.iter().flat_map(|group| group.iter()) {
        let name = format!("{who:?}").replace(['(', ')', '"'], "_");
        // The line itself denies it.
        let made = if *who == Who::Denied { Who::Allowed } else { *who };
        let credentials = caller(&keystead, made, &name, "iam:*").await.credentials;
        cast.push((*who, credentials));
    }
    let mut seen = Vec::new();
    for (line, (name, _)) in MATRIX.iter().enumerate() {
        let operation = named(name);
        for_this_line(&keystead, "Named", "Allow", name).await;
        for_this_line(&keystead, "Denied", "Deny", name).await;
        let (mut row, mut callers) = (Vec::new(), cast.iter().enumerate());
        let mut kept = None;
        for group in COLUMNS {
            let mut marks = String::new();
            for (column, (who, credentials)) in callers.by_ref().take(group.len()) {
                let subject = match kept.take() {
                    Some(subject) => subject,
                    None => Subject::of(&keystead, name, format!("t{line}-{column}"), None).await,
                };
                let parameters = subject.parameters(operation, true);
                let answer = try_with(&keystead, credentials, name, &parameters).await;
                // Nothing became of what was only looked at, refused, or another account's.
                if answer.is_err() || operation.spec().read_only || *who == Who::Stranger {
                    kept = Some(subject);
                }
                marks.push(mark(&answer));
            }
            row.push(marks);
        }
        seen.push((*name, row.join(" ")));
    }
    compare(MATRIX, &seen);
}

/// What comes of an operation that names no user, called by somebody who was made for it.
async fn of_itself(keystead: &Keystead, operation: &str, who: Who, name: &str) -> char {
    let root = keystead.root(ACCOUNT);
    let Caller {
        credentials, entity, ..
    } = caller(keystead, who, name, "iam:*").await;
    let user = entity.strip_prefix(&arn(ACCOUNT, "user/")).unwrap_or("nobody");
    let subject = match who {
        Who::Root if operation.ends_with("AccessKey") && operation != "CreateAccessKey" => {
            let made = keystead.query(&root, "CreateAccessKey", &[]).await;
            let mut subject = Subject::of(keystead, "", name.to_owned(), Some(user)).await;
            subject.key = element(&made, "AccessKeyId").unwrap().to_owned();
            subject
        }
        // There is nothing that they could have.
        Who::Root | Who::Role | Who::Federated | Who::Operator => {
            let mut subject = Subject::of(keystead, "", name.to_owned(), Some(user)).await;
            subject.key = root.id().to_owned();
            subject
        }
        _ => Subject::of(keystead, operation, format!("{name}-its"), Some(user)).await,
    };
    let parameters = subject.parameters(named(operation), false);
    let answer = try_with(keystead, &credentials, operation, &parameters).await;
    if who == Who::Root && operation.ends_with("AccessKey") {
        // There may be two of them.
        let made = answer.as_ref().ok().and_then(|made| element(made, "AccessKeyId"));
        let made = [("AccessKeyId", made.unwrap_or(&subject.key))];
        keystead.try_query(&root, "DeleteAccessKey", &made).await.ok();
    }
    mark(&answer)
}

async fn lines_of_itself(keystead: &Keystead, table: &Table, prefix: &str) -> Vec<(&'static str, String)> {
    let mut seen = Vec::new();
    for (line, (operation, _)) in table.iter().enumerate() {
        let mut row = Vec::new();
        for group in SELVES {
            let mut marks = String::new();
            for who in *group {
                let name = format!("{prefix}{line}{who:?}");
                marks.push(of_itself(keystead, operation, *who, &name).await);
            }
            row.push(marks);
        }
        seen.push((*operation, row.join(" ")));
    }
    seen
}

#[tokio::test]
async fn who_may_do_what_for_themselves() {
    let keystead = Keystead::start().await;
    let seen = lines_of_itself(&keystead, OF_ITSELF, "a").await;
    compare(OF_ITSELF, &seen);
    let may = [("AllowUsersToChangePassword", "true")];
    let root = keystead.root(ACCOUNT);
    keystead.query(&root, "UpdateAccountPasswordPolicy", &may).await;
    let seen = lines_of_itself(&keystead, OF_ITSELF_WHERE_USERS_MAY, "b").await;
    compare(OF_ITSELF_WHERE_USERS_MAY, &seen);
}

#[test]
fn every_operation_has_a_line() {
    // It is always about the caller.
    let changing: &Table = &[("ChangePassword", "")];
    has_every_operation(&[MATRIX, changing], ::iam::OPERATIONS);
}

#[test]
fn every_operation_that_may_name_a_user_has_a_line_of_its_own() {
    let is_about_the_caller = |operation: &&&dyn AnyOperation| {
        let user = operation.input().member("UserName");
        user.is_some_and(|user| !user.required) || operation.spec().name == "ChangePassword"
    };
    let operations: Vec<_> = ::iam::OPERATIONS
        .iter()
        .filter(is_about_the_caller)
        .copied()
        .collect();
    has_every_operation(&[OF_ITSELF], &operations);
}
