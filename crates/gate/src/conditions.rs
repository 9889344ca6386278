//! The condition values that a call brings to the policies that decide it.

use identity::Kind;
use policy::{ConditionKey, Context, Found};

use crate::Caller;

/// What is known of a call: its caller. Every other key that AWS would have a value for is unknown, so that what rests
/// on it fails closed; a key that AWS doesn't have is absent.
#[derive(Debug)]
pub(crate) struct CallContext<'c> {
    caller: &'c Caller,
}

impl<'c> CallContext<'c> {
    pub(crate) fn of(caller: &'c Caller) -> CallContext<'c> {
        CallContext { caller }
    }
}

impl Context for CallContext<'_> {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        let caller = self.caller;
        match key.as_str() {
            "aws:principalarn" => Found::text(caller.arn().as_str()),
            "aws:principalaccount" | "kms:calleraccount" => Found::made(caller.account()),
            "aws:principaltype" => match caller.principal().kind {
                Kind::Root => Found::text("Account"),
                Kind::User => Found::text("User"),
            },
            "aws:username" => match &caller.principal().name {
                Some(name) => Found::text(name),
                None => Found::Absent,
            },
            "aws:userid" => Found::text(&caller.principal().id),
            _ if KEYS_OF_AWS.binary_search(&key.prefix()).is_ok() => Found::Unknown,
            _ => Found::Absent,
        }
    }
}

/// Every key of AWS's that may bear on a call here, lower-cased, sorted, without the part that a request brings.
///
/// Sources: IAM User Guide, "AWS global condition context keys" and "IAM and AWS STS condition context keys"; Service
/// Authorization Reference, "Condition keys for AWS Key Management Service".
const KEYS_OF_AWS: &[&str] = &[
    "aws:assumedroot",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:chatbotsourcearn",
    "aws:currenttime",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:principaltag",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:requesttag",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:resourcetag",
    "aws:securetransport",
    "aws:signinsessionarn",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:tagkeys",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
    "iam:associatedresourcearn",
    "iam:awsservicename",
    "iam:organizationspolicyid",
    "iam:passedtoservice",
    "iam:permissionsboundary",
    "iam:policyarn",
    "iam:resourcetag",
    "kms:bypasspolicylockoutsafetycheck",
    "kms:calleraccount",
    "kms:customermasterkeyspec",
    "kms:customermasterkeyusage",
    "kms:datakeypairspec",
    "kms:encryptionalgorithm",
    "kms:encryptioncontext",
    "kms:encryptioncontextkeys",
    "kms:expirationmodel",
    "kms:grantconstraintsourcearn",
    "kms:grantconstrainttype",
    "kms:granteeprincipal",
    "kms:granteeserviceprincipal",
    "kms:grantisforawsresource",
    "kms:grantoperations",
    "kms:keyagreementalgorithm",
    "kms:keyorigin",
    "kms:keyspec",
    "kms:keyusage",
    "kms:macalgorithm",
    "kms:messagetype",
    "kms:multiregion",
    "kms:multiregionkeytype",
    "kms:policyname",
    "kms:primaryregion",
    "kms:recipientattestation",
    "kms:reencryptonsamekey",
    "kms:replicaregion",
    "kms:requestalias",
    "kms:resourcealiases",
    "kms:retiringprincipal",
    "kms:retiringserviceprincipal",
    "kms:rotationperiodindays",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:signingalgorithm",
    "kms:validto",
    "kms:viaservice",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
    "saml:aud",
    "saml:cn",
    "saml:commonname",
    "saml:doc",
    "saml:eduorghomepageuri",
    "saml:eduorgidentityauthnpolicyuri",
    "saml:eduorglegalname",
    "saml:eduorgsuperioruri",
    "saml:eduorgwhitepagesuri",
    "saml:edupersonaffiliation",
    "saml:edupersonassurance",
    "saml:edupersonentitlement",
    "saml:edupersonnickname",
    "saml:edupersonorgdn",
    "saml:edupersonorgunitdn",
    "saml:edupersonprimaryaffiliation",
    "saml:edupersonprimaryorgunitdn",
    "saml:edupersonprincipalname",
    "saml:edupersonscopedaffiliation",
    "saml:edupersontargetedid",
    "saml:givenname",
    "saml:iss",
    "saml:mail",
    "saml:name",
    "saml:namequalifier",
    "saml:organizationstatus",
    "saml:primarygroupsid",
    "saml:sub",
    "saml:sub_type",
    "saml:surname",
    "saml:uid",
    "saml:x500uniqueidentifier",
    "sts:awsservicename",
    "sts:durationseconds",
    "sts:externalid",
    "sts:requestcontext",
    "sts:requestcontextproviders",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:taskpolicyarn",
    "sts:transitivetagkeys",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        assert!(KEYS_OF_AWS.is_sorted_by(|left, right| left < right));
        for key in KEYS_OF_AWS {
            let parsed = ConditionKey::new(key).map(|key| key.prefix().to_owned());
            assert_eq!(parsed.as_deref(), Some(*key));
        }
    }
}
