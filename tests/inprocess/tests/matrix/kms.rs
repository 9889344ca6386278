//! KMS: every operation, on keys of every kind of policy.

use inprocess::wrapping::{USUAL, text, wrap};
use inprocess::*;
use serde_json::{Value, json};

use crate::{allowing, arn, compare, has_every_operation, trusting};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The root user of the key's account.
    Root,
    /// A user of it without policies.
    Nobody,
    /// A user that its own policy allows `kms:*`.
    Allowed,
    /// The same, bounded to another service.
    Bounded,
    /// The same user, in a session of its own (GetSessionToken).
    Own,
    /// A role that its own policy allows `kms:*`, taken on.
    Role,
    /// The same, with a session policy for another service.
    Passed,
    /// A federated session of the user that is allowed, under a session policy that allows `kms:*`.
    Federated,
    /// The root user of another account.
    Stranger,
    /// A user of another account without policies.
    StrangeNobody,
    /// The operator of the installation.
    Operator,
}

/// What the key's policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// The default: it leaves the key to its account.
    Default,
    /// That everything is denied to everybody.
    Deny,
    /// That everything is allowed to everybody.
    Everybody,
    /// That everything is allowed to the caller, by its ARN, and nothing else.
    Caller,
    /// Nothing of the caller: it is for somebody else.
    Other,
}

/// The columns of [`MATRIX`], in their groups.
const COLUMNS: &[(Who, &[Says])] = &[
    (Who::Root, &[Says::Default, Says::Deny, Says::Other]),
    (Who::Nobody, &[Says::Default, Says::Caller, Says::Everybody]),
    (Who::Allowed, &[Says::Default, Says::Deny, Says::Other]),
    (Who::Bounded, &[Says::Default, Says::Caller, Says::Everybody]),
    (Who::Own, &[Says::Default, Says::Other]),
    (Who::Role, &[Says::Default, Says::Other]),
    (Who::Passed, &[Says::Default, Says::Caller, Says::Everybody]),
    (Who::Federated, &[Says::Default, Says::Deny]),
    (Who::Stranger, &[Says::Default, Says::Everybody]),
    (Who::StrangeNobody, &[Says::Everybody, Says::Caller]),
    (Who::Operator, &[Says::Default, Says::Everybody]),
];

/// For each operation what comes of it in each of [`COLUMNS`]: `+` it is done, `-` it is denied, `0` the
/// caller hears that there is no such alias, `?` that there is no such custom key store, `x` that there can be none.
const MATRIX: &[(&str, &str)] = &[
    ("CancelKeyDeletion", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ConnectCustomKeyStore", "??? --- ??? --- ?? ?? --- ?? ?? -- --"),
    ("CreateAlias", "+-- --- +-- --- +- +- --- +- -- -- --"),
    ("CreateCustomKeyStore", "xxx --- xxx --- xx xx --- xx xx -- --"),
    ("CreateGrant", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("CreateKey", "+++ --- +++ --- ++ ++ --- ++ ++ -- --"),
    ("Decapsulate", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("Decrypt", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("DeleteAlias", "+-- --- +-- --- +- +- --- +- 00 00 00"),
    ("DeleteCustomKeyStore", "??? --- ??? --- ?? ?? --- ?? ?? -- --"),
    ("DeriveSharedSecret", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("DescribeCustomKeyStores", "+++ --- +++ --- ++ ++ --- ++ ++ -- --"),
    (
        "DeleteImportedKeyMaterial",
        "+-- -++ +-- -+- +- +- --- +- -- -- --",
    ),
    ("DescribeKey", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("DisableKey", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("DisableKeyRotation", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    (
        "DisconnectCustomKeyStore",
        "??? --- ??? --- ?? ?? --- ?? ?? -- --",
    ),
    ("EnableKey", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("EnableKeyRotation", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("Encapsulate", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("Encrypt", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("GenerateDataKey", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("GenerateDataKeyPair", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    (
        "GenerateDataKeyPairWithoutPlaintext",
        "+-- -++ +-- -+- +- +- --- +- -+ -- --",
    ),
    (
        "GenerateDataKeyWithoutPlaintext",
        "+-- -++ +-- -+- +- +- --- +- -+ -- --",
    ),
    ("GenerateMac", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("GenerateRandom", "+++ --- +++ --- ++ ++ --- ++ ++ -- --"),
    ("GetKeyLastUsage", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("GetKeyPolicy", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("GetKeyRotationStatus", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("GetPublicKey", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("GetParametersForImport", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ImportKeyMaterial", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ListAliases", "+++ --- +++ --- ++ ++ --- ++ -- -- --"),
    ("ListGrants", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("ListKeyPolicies", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ListKeyRotations", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ListKeys", "+++ --- +++ --- ++ ++ --- ++ ++ -- --"),
    ("ListResourceTags", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ListRetirableGrants", "+++ --- +++ --- ++ ++ --- ++ ++ -- --"),
    ("PutKeyPolicy", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ReEncrypt", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("ReplicateKey", "+-- --- +-- --- +- +- --- +- -- -- --"),
    // No key policy lets anybody retire a grant, but a Deny in one holds.
    ("RetireGrant", "+-+ --- +-+ --- ++ ++ --- +- -- -- --"),
    ("RevokeGrant", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("RotateKeyOnDemand", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("ScheduleKeyDeletion", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("Sign", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("TagResource", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("UntagResource", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("UpdateAlias", "+-- --- +-- --- +- +- --- +- -- -- --"),
    ("UpdateCustomKeyStore", "??? --- ??? --- ?? ?? --- ?? ?? -- --"),
    ("UpdateKeyDescription", "+-- -++ +-- -+- +- +- --- +- -- -- --"),
    ("UpdatePrimaryRegion", "+-- --- +-- --- +- +- --- +- -- -- --"),
    ("Verify", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
    ("VerifyMac", "+-- -++ +-- -+- +- +- --- +- -+ -- --"),
];

/// What kind of key an operation is tried on.
fn kind(operation: &str) -> Value {
    match operation {
        "Sign" | "Verify" => json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
        "DeriveSharedSecret" | "GetPublicKey" => {
            json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"})
        }
        "GenerateMac" | "VerifyMac" => json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
        "Encapsulate" | "Decapsulate" => {
            json!({"KeySpec": "ML_KEM_512", "KeyUsage": "ENCAPSULATE_DECAPSULATE"})
        }
        "GetParametersForImport" => json!({"Origin": "EXTERNAL"}),
        "ReplicateKey" | "UpdatePrimaryRegion" => json!({"MultiRegion": true}),
        _ => json!({}),
    }
}

/// What an operation is called with, beside its key. `made` is what the key made before: a ciphertext, a signature.
fn request(operation: &str, key: &str, alias: &str, made: &Value) -> Value {
    let mut members = match operation {
        "CreateKey" | "ListKeys" | "DescribeCustomKeyStores" => return json!({}),
        "CreateCustomKeyStore" => return json!({"CustomKeyStoreName": "x"}),
        "UpdateCustomKeyStore"
        | "ConnectCustomKeyStore"
        | "DisconnectCustomKeyStore"
        | "DeleteCustomKeyStore" => {
            return json!({"CustomKeyStoreId": "cks-1234567890abcdef0"});
        }
        "ListRetirableGrants" => return json!({"RetiringServicePrincipal": "ebs.us-east-1.amazonaws.com"}),
        "GenerateRandom" => return json!({"NumberOfBytes": 1}),
        "CreateAlias" => return json!({"AliasName": format!("{alias}/new"), "TargetKeyId": key}),
        "UpdateAlias" => return json!({"AliasName": alias, "TargetKeyId": key}),
        "DeleteAlias" => return json!({"AliasName": alias}),
        "ReEncrypt" => {
            return json!({"CiphertextBlob": made, "SourceKeyId": key, "DestinationKeyId": key});
        }
        "CreateGrant" => {
            json!({"GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["Encrypt"]})
        }
        "RetireGrant" | "RevokeGrant" => json!({"GrantId": made}),
        "Decrypt" => json!({"CiphertextBlob": made}),
        "Encrypt" => json!({"Plaintext": "eA=="}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({"KeySpec": "AES_256"}),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            json!({"KeyPairSpec": "ECC_NIST_P256"})
        }
        "Sign" => json!({"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}),
        "Verify" => json!({"Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": made}),
        "GenerateMac" => json!({"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}),
        "VerifyMac" => json!({"Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": made}),
        "DeriveSharedSecret" => json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": made}),
        "Encapsulate" => json!({"EncapsulationAlgorithm": "ML_KEM"}),
        "Decapsulate" => json!({"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": made}),
        // The new policy may shut out who puts it: that is not what is tried here.
        "PutKeyPolicy" => json!({
            "Policy": policy(&[statement("Allow", &["kms:*"])]), "BypassPolicyLockoutSafetyCheck": true,
        }),
        "TagResource" => json!({"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        "UntagResource" => json!({"TagKeys": ["k"]}),
        "ReplicateKey" => json!({"ReplicaRegion": THIRD_REGION}),
        "GetParametersForImport" => json!({"WrappingAlgorithm": USUAL.0, "WrappingKeySpec": USUAL.1}),
        "UpdatePrimaryRegion" => json!({"PrimaryRegion": OTHER_REGION}),
        "UpdateKeyDescription" => json!({"Description": "d"}),
        _ => json!({}),
    };
    members["KeyId"] = json!(key);
    members
}

/// An import of the material that a key has already.
async fn import_of(keystead: &Keystead, key: &str) -> Value {
    let parameters = keystead.known_parameters(REGION, key).await;
    json!({
        "KeyId": arn_of(key), "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": text(&wrap(USUAL.0, &parameters, &[1; 32])),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    })
}

/// Those who call, with the ARN that a key policy names each by.
struct Cast(Vec<(Who, Credentials, String)>);

impl Cast {
    async fn of(keystead: &Keystead) -> Cast {
        let root = keystead.root(ACCOUNT);
        let (keys, elsewhere) = (allowing("kms:*"), allowing("s3:*"));
        let parameters = [("PolicyName", "elsewhere"), ("PolicyDocument", &elsewhere)];
        keystead.query(&root, "CreatePolicy", &parameters).await;
        let bounded = keystead.user(ACCOUNT, "bounded", Some(&keys)).await;
        let boundary = arn(ACCOUNT, "policy/elsewhere");
        let parameters = [("UserName", "bounded"), ("PermissionsBoundary", &boundary)];
        keystead
            .query(&root, "PutUserPermissionsBoundary", &parameters)
            .await;
        let allowed = keystead.user(ACCOUNT, "allowed", Some(&keys)).await;
        let own = keystead.query(&allowed, "GetSessionToken", &[]).await;
        let may_federate = allowing("sts:GetFederationToken");
        let parameters = [
            ("UserName", "allowed"),
            ("PolicyName", "federate"),
            ("PolicyDocument", &may_federate),
        ];
        keystead.query(&root, "PutUserPolicy", &parameters).await;
        let parameters = [("Name", "federated"), ("Policy", &keys)];
        let federated = keystead.query(&allowed, "GetFederationToken", &parameters).await;
        let nobody = keystead.user(ACCOUNT, "nobody", None).await;
        let taker = arn(ACCOUNT, "user/nobody");
        let trust = trusting(&json!({"AWS": taker}), "sts:AssumeRole");
        let parameters = [("RoleName", "role"), ("AssumeRolePolicyDocument", &trust)];
        keystead.query(&root, "CreateRole", &parameters).await;
        let parameters = [
            ("RoleName", "role"),
            ("PolicyName", "own"),
            ("PolicyDocument", &keys),
        ];
        keystead.query(&root, "PutRolePolicy", &parameters).await;
        let role = arn(ACCOUNT, "role/role");
        let taken = [("RoleArn", role.as_str()), ("RoleSessionName", "session")];
        let session = keystead.query(&nobody, "AssumeRole", &taken).await;
        let taken = [taken[0], taken[1], ("Policy", &elsewhere)];
        let passed = keystead.query(&nobody, "AssumeRole", &taken).await;
        let strange = keystead.user(STRANGER, "nobody", None).await;
        let federated_arn = format!("arn:aws:sts::{ACCOUNT}:federated-user/federated");
        Cast(vec![
            (Who::Root, root, arn(ACCOUNT, "root")),
            (Who::Nobody, nobody, taker),
            (Who::Allowed, allowed, arn(ACCOUNT, "user/allowed")),
            (Who::Bounded, bounded, arn(ACCOUNT, "user/bounded")),
            (Who::Own, Credentials::read(&own), arn(ACCOUNT, "user/allowed")),
            (Who::Role, Credentials::read(&session), role.clone()),
            (Who::Passed, Credentials::read(&passed), role),
            (Who::Federated, Credentials::read(&federated), federated_arn),
            (Who::Stranger, keystead.root(STRANGER), arn(STRANGER, "root")),
            (Who::StrangeNobody, strange, arn(STRANGER, "user/nobody")),
            (Who::Operator, keystead.root(OPERATOR), arn(OPERATOR, "root")),
        ])
    }

    fn policy(&self, who: Who, says: Says) -> Option<String> {
        let naming = |arn: &str| {
            let statement =
                json!({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:*", "Resource": "*"});
            Some(policy(&[statement]))
        };
        let everybody = statement("Allow", &["kms:*"]);
        match says {
            Says::Default => None,
            Says::Deny => Some(policy(&[everybody, statement("Deny", &["kms:*"])])),
            Says::Everybody => Some(policy(&[everybody])),
            Says::Caller => naming(&self.of_kind(who).2),
            Says::Other => naming(&self.of_kind(Who::StrangeNobody).2),
        }
    }

    fn of_kind(&self, who: Who) -> &(Who, Credentials, String) {
        self.0.iter().find(|(kind, ..)| *kind == who).unwrap()
    }
}

/// What comes of one call to a key made for it.
async fn outcome(keystead: &Keystead, operation: &str, cast: &Cast, (who, says): (Who, Says)) -> char {
    let key = match operation {
        "ImportKeyMaterial" | "DeleteImportedKeyMaterial" => keystead.imported(&[1; 32]).await,
        _ => keystead.key_with(kind(operation)).await,
    };
    if operation == "UpdatePrimaryRegion" {
        let members = json!({"KeyId": key, "ReplicaRegion": OTHER_REGION});
        keystead.call("ReplicateKey", members).await.ok();
    }
    let alias = format!("alias/{key}");
    let members = json!({"AliasName": alias, "TargetKeyId": key});
    keystead.call("CreateAlias", members).await.ok();
    // What the operation takes comes of the one before it.
    let (maker, member) = match operation {
        "Verify" => ("Sign", "Signature"),
        "VerifyMac" => ("GenerateMac", "Mac"),
        "DeriveSharedSecret" => ("GetPublicKey", "PublicKey"),
        "Decapsulate" => ("Encapsulate", "SharedSecretCiphertextBlob"),
        "Decrypt" | "ReEncrypt" => ("Encrypt", "CiphertextBlob"),
        "RetireGrant" | "RevokeGrant" => ("CreateGrant", "GrantId"),
        _ => ("DescribeKey", "KeyMetadata"),
    };
    let members = request(maker, &key, &alias, &Value::Null);
    let made = keystead.call(maker, members).await.ok()[member].take();
    if operation == "CancelKeyDeletion" {
        keystead
            .call("ScheduleKeyDeletion", json!({"KeyId": key}))
            .await
            .ok();
    }
    let import = match operation {
        "ImportKeyMaterial" => Some(import_of(keystead, &key).await),
        _ => None,
    };
    if let Some(text) = cast.policy(who, says) {
        let members = json!({"KeyId": key, "Policy": text, "BypassPolicyLockoutSafetyCheck": true});
        keystead.call("PutKeyPolicy", members).await.ok();
    }
    let usual = request(operation, &arn_of(&key), &alias, &made);
    let members = import.unwrap_or(usual);
    let (_, caller, _) = cast.of_kind(who);
    let answer = keystead.call_with(caller, REGION, operation, members).await;
    match (answer.status, answer.body["__type"].as_str()) {
        (200, _) => '+',
        (_, Some("AccessDeniedException")) => '-',
        (_, Some("NotFoundException")) => '0',
        (_, Some("CustomKeyStoreNotFoundException")) => '?',
        (_, Some("UnsupportedOperationException")) => 'x',
        _ => panic!("{operation}: {}", answer.body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_do_what_with_keys() {
    let keystead = Keystead::start().await;
    let cast = Cast::of(&keystead).await;
    let mut seen = Vec::new();
    for (operation, _) in MATRIX {
        let mut row = Vec::new();
        for (who, policies) in COLUMNS {
            // Each call has a key of its own, so they may come side by side.
            let call = |says: &Says| outcome(&keystead, operation, &cast, (*who, *says));
            let marks = join_all(policies.iter().map(call).collect()).await;
            row.push(String::from_iter(marks));
        }
        seen.push((*operation, row.join(" ")));
    }
    compare(MATRIX, &seen);
}

#[test]
fn every_operation_has_a_line() {
    has_every_operation(&[MATRIX], ::kms::OPERATIONS);
}
