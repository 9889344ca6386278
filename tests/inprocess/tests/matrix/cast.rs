//! Those who call IAM, STS and the administration.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::totp;
use data_encoding::BASE32;
use inprocess::*;
use secret::SecretBytes;
use serde_json::json;

use crate::{allowing, arn, own_policy, trusting};

/// Who calls: all of the account but for the last ones. What they are allowed is all that the service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The root user.
    Root,
    /// A user without policies.
    Nobody,
    /// A user that is allowed it.
    Allowed,
    /// A user whose group is allowed it.
    Grouped,
    /// A user that is allowed what a test says.
    Named,
    /// A user that is allowed it on something else alone.
    Elsewhere,
    /// A user that is allowed it on things of this kind alone.
    On(&'static str),
    /// A user that is allowed it on itself alone.
    OnItself,
    /// A user that is allowed and denied it.
    Denied,
    /// A user that is allowed it, and bounded to another service.
    Bounded,
    /// The user that is allowed it, in a session of its own (GetSessionToken).
    Own,
    /// The same, with a second factor.
    OwnWithMfa,
    /// A user without policies, in a session of its own.
    OwnOfNobody,
    /// A role that is allowed it, taken on.
    Role,
    /// A role without policies.
    RoleOfNobody,
    /// A role that is allowed it, and bounded to another service.
    RoleBounded,
    /// A role that is allowed it, under a session policy for another service.
    Passed,
    /// A federated session of a user that is allowed it, under a session policy that allows it.
    Federated,
    /// The root user of another account.
    Stranger,
    /// A user of another account without policies.
    StrangeNobody,
    /// A user of another account that is allowed it.
    StrangeAllowed,
    /// The operator of the installation.
    Operator,
    /// Somebody whose access key nobody has.
    Unknown,
}

/// One of them.
pub(crate) struct Caller {
    pub(crate) credentials: Credentials,
    /// What a policy names the user or the role by.
    pub(crate) entity: String,
    /// What it names the session by, where it is a role's.
    pub(crate) session: Option<String>,
}

/// Makes a caller. What has to be made for it is called `name`, and allowed `actions`.
pub(crate) async fn caller(keystead: &Keystead, who: Who, name: &str, actions: &str) -> Caller {
    let root = keystead.root(ACCOUNT);
    let allowed = allowing(actions);
    let on = |resource: &str| own_policy(&[("Allow", actions, &arn(ACCOUNT, resource))]);
    let own = match who {
        Who::Nobody | Who::Named | Who::Grouped | Who::OwnOfNobody | Who::StrangeNobody => None,
        Who::Elsewhere => Some(on("user/elsewhere")),
        Who::On(kind) => Some(on(&format!("{kind}/*"))),
        Who::OnItself => Some(on("user/${aws:username}")),
        Who::Denied => Some(own_policy(&[("Allow", actions, "*"), ("Deny", actions, "*")])),
        _ => Some(allowed.clone()),
    };
    let mut caller = Caller {
        credentials: root.clone(),
        entity: arn(ACCOUNT, &format!("user/{name}")),
        session: None,
    };
    match who {
        Who::Root => caller.entity = arn(ACCOUNT, "root"),
        Who::Stranger => {
            caller.credentials = keystead.root(STRANGER);
            caller.entity = arn(STRANGER, "root");
        }
        Who::Operator => caller.credentials = keystead.root(OPERATOR),
        Who::Unknown => caller.credentials = Credentials::of_nobody(),
        Who::StrangeNobody | Who::StrangeAllowed => {
            caller.credentials = keystead.user(STRANGER, name, own.as_deref()).await;
            caller.entity = arn(STRANGER, &format!("user/{name}"));
        }
        Who::Role | Who::RoleOfNobody | Who::RoleBounded | Who::Passed => {
            caller.entity = arn(ACCOUNT, &format!("role/{name}"));
            caller.session = Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session"));
            caller.credentials = taken(keystead, who, name, actions).await;
        }
        _ => caller.credentials = keystead.user(ACCOUNT, name, own.as_deref()).await,
    }
    let user = ("UserName", name);
    match who {
        Who::Grouped => {
            let group = ("GroupName", name);
            keystead.query(&root, "CreateGroup", &[group]).await;
            let given = [group, ("PolicyName", "own"), ("PolicyDocument", &allowed)];
            keystead.query(&root, "PutGroupPolicy", &given).await;
            keystead.query(&root, "AddUserToGroup", &[group, user]).await;
        }
        Who::Bounded => {
            let boundary = elsewhere(keystead).await;
            let bound = [user, ("PermissionsBoundary", boundary.as_str())];
            keystead.query(&root, "PutUserPermissionsBoundary", &bound).await;
        }
        Who::Own | Who::OwnOfNobody => {
            let own = keystead.query(&caller.credentials, "GetSessionToken", &[]).await;
            caller.credentials = Credentials::read(&own);
        }
        Who::OwnWithMfa => {
            let device = [("VirtualMFADeviceName", name)];
            let made = keystead.query(&root, "CreateVirtualMFADevice", &device).await;
            let serial = arn(ACCOUNT, &format!("mfa/{name}"));
            let [one, next] = [-3, -2].map(|step| code(keystead, &made, step));
            let enabled = [
                user,
                ("SerialNumber", serial.as_str()),
                ("AuthenticationCode1", &one),
                ("AuthenticationCode2", &next),
            ];
            keystead.query(&root, "EnableMFADevice", &enabled).await;
            let now = code(keystead, &made, 0);
            let factor = [("SerialNumber", serial.as_str()), ("TokenCode", &now)];
            let own = keystead
                .query(&caller.credentials, "GetSessionToken", &factor)
                .await;
            caller.credentials = Credentials::read(&own);
        }
        Who::Federated => {
            let federating = allowing("sts:GetFederationToken");
            let given = [user, ("PolicyName", "federate"), ("PolicyDocument", &federating)];
            keystead.query(&root, "PutUserPolicy", &given).await;
            let session = [("Name", name), ("Policy", &allowed)];
            let session = keystead
                .query(&caller.credentials, "GetFederationToken", &session)
                .await;
            caller.credentials = Credentials::read(&session);
            caller.entity = format!("arn:aws:sts::{ACCOUNT}:federated-user/{name}");
        }
        _ => {}
    }
    caller
}

/// Makes a role, and takes it on.
async fn taken(keystead: &Keystead, who: Who, name: &str, actions: &str) -> Credentials {
    let root = keystead.root(ACCOUNT);
    let taker = format!("{name}-taker");
    let taking = keystead.user(ACCOUNT, &taker, None).await;
    let trust = trusting(
        &json!({"AWS": arn(ACCOUNT, &format!("user/{taker}"))}),
        "sts:AssumeRole",
    );
    let role = ("RoleName", name);
    let made = [role, ("AssumeRolePolicyDocument", trust.as_str())];
    keystead.query(&root, "CreateRole", &made).await;
    if who != Who::RoleOfNobody {
        let allowed = allowing(actions);
        let given = [role, ("PolicyName", "own"), ("PolicyDocument", &allowed)];
        keystead.query(&root, "PutRolePolicy", &given).await;
    }
    if who == Who::RoleBounded {
        let boundary = elsewhere(keystead).await;
        let bound = [role, ("PermissionsBoundary", boundary.as_str())];
        keystead.query(&root, "PutRolePermissionsBoundary", &bound).await;
    }
    let (arn, passed) = (arn(ACCOUNT, &format!("role/{name}")), allowing("s3:*"));
    let mut session = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
    if who == Who::Passed {
        session.push(("Policy", &passed));
    }
    Credentials::read(&keystead.query(&taking, "AssumeRole", &session).await)
}

/// The managed policy that allows another service, made unless it is there.
async fn elsewhere(keystead: &Keystead) -> String {
    let root = keystead.root(ACCOUNT);
    let document = allowing("s3:*");
    let parameters = [("PolicyName", "elsewhere"), ("PolicyDocument", &document)];
    keystead.try_query(&root, "CreatePolicy", &parameters).await.ok();
    arn(ACCOUNT, "policy/elsewhere")
}

/// The code of a device, so many steps from now. `made` is what CreateVirtualMFADevice answered.
pub(crate) fn code(keystead: &Keystead, made: &str, step: i64) -> String {
    use ambient::Clock;
    let letters = STANDARD
        .decode(element(made, "Base32StringSeed").unwrap())
        .unwrap();
    let seed = SecretBytes::copied_from(&BASE32.decode(&letters).unwrap());
    let here = keystead.clock.now().milliseconds() / 1000 / totp::STEP_SECONDS;
    let code = totp::code(&seed, u64::try_from(here + step).unwrap());
    String::from_utf8(code.to_vec()).unwrap()
}
