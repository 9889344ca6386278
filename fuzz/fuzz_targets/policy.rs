//! Policies: parsed, and then asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Caller, Policy, Question, Site};

fuzz_target!(|text: &str| {
    let Ok(policy) = Policy::parse(text) else { return };
    let (Ok(arn), Ok(resource)) = (
        "arn:aws:iam::111122223333:root".parse::<arn::Arn>(),
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse(),
    ) else {
        return;
    };
    let Some(account) = arn.account() else { return };
    for root in [true, false] {
        let caller = Caller { account, arn: &arn, root };
        let question = Question { caller, action: "kms:Encrypt", resource: &resource };
        for site in [Site::Resource, Site::Identity] {
            let _ = policy.decide(&question, site);
        }
    }
});
