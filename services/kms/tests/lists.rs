//! Lists, page by page, and tags.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

use inprocess::*;
use serde_json::{Value, json};

fn tag(name: &str, value: &str) -> Value {
    json!({"TagKey": name, "TagValue": value})
}

/// All entries called `name`, gathered in pages of `size`.
async fn paged(keystead: &Keystead, operation: &str, members: &Value, name: &str, size: u32) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut members = members.clone();
    members["Limit"] = json!(size);
    loop {
        let page = keystead.call(operation, members.clone()).await.ok();
        let these = page[name].as_array().unwrap();
        assert!(these.len() <= size as usize);
        entries.extend(these.iter().cloned());
        let more = page["Truncated"].as_bool().unwrap();
        assert_eq!(page.get("NextMarker").is_some(), more);
        if !more {
            return entries;
        }
        members["Marker"] = page["NextMarker"].clone();
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let keystead = Keystead::start().await;
    let tags: Vec<Value> = (0..7).map(|number| tag(&format!("k{number}"), "v")).collect();
    let key = keystead.key_with(json!({"Tags": tags})).await;
    let mut made = vec![key.clone()];
    for number in 0..7 {
        made.push(keystead.key().await);
        let name = format!("alias/{number}");
        keystead
            .call("CreateAlias", json!({"AliasName": name, "TargetKeyId": key}))
            .await
            .ok();
    }
    made.sort();
    let subject = json!({"KeyId": key});
    for size in [1, 2, 3, 7, 8, 50] {
        let keys = paged(&keystead, "ListKeys", &json!({}), "Keys", size).await;
        let keys: Vec<&str> = keys
            .iter()
            .map(|entry| entry["KeyId"].as_str().unwrap())
            .collect();
        assert_eq!(keys, made);
        assert_eq!(
            paged(&keystead, "ListResourceTags", &subject, "Tags", size).await,
            tags
        );
        for members in [&subject, &json!({})] {
            let aliases = paged(&keystead, "ListAliases", members, "Aliases", size).await;
            let names: Vec<&str> = aliases
                .iter()
                .map(|entry| entry["AliasName"].as_str().unwrap())
                .collect();
            assert_eq!(
                names,
                (0..7).map(|number| format!("alias/{number}")).collect::<Vec<_>>()
            );
        }
    }
}

#[tokio::test]
async fn a_marker_belongs_to_its_operation_arguments_account_and_region() {
    let keystead = Keystead::start().await;
    let key = keystead
        .key_with(json!({"Tags": [tag("a", ""), tag("b", "")]}))
        .await;
    let other = keystead
        .key_with(json!({"Tags": [tag("a", ""), tag("b", "")]}))
        .await;
    for name in ["alias/a", "alias/b"] {
        keystead
            .call("CreateAlias", json!({"AliasName": name, "TargetKeyId": key}))
            .await
            .ok();
    }
    let marker = async |operation: &str, mut members: Value| {
        members["Limit"] = json!(1);
        keystead.call(operation, members).await.ok()["NextMarker"].take()
    };
    let of_aliases = marker("ListAliases", json!({"KeyId": key})).await;
    let of_keys = marker("ListKeys", json!({})).await;
    let of_tags = marker("ListResourceTags", json!({"KeyId": key})).await;
    for (operation, members) in [
        ("ListAliases", json!({"Marker": of_aliases})),
        ("ListAliases", json!({"Marker": of_aliases, "KeyId": other})),
        ("ListAliases", json!({"Marker": of_tags, "KeyId": key})),
        ("ListKeys", json!({"Marker": of_aliases})),
        (
            "ListKeys",
            json!({"Marker": of_keys, "ResourceOwners": ["OTHER_ACCOUNTS_VIA_RAM"]}),
        ),
        (
            "ListKeys",
            json!({"Marker": of_keys, "ResourceOwners": ["SELF", "OTHER_ACCOUNTS_VIA_RAM"]}),
        ),
        ("ListResourceTags", json!({"Marker": of_tags, "KeyId": other})),
        ("ListKeys", json!({"Marker": "nonsense"})),
        ("ListKeys", json!({"Marker": "é"})),
        ("ListKeys", json!({"Marker": " "})),
    ] {
        keystead
            .call(operation, members)
            .await
            .refused("InvalidMarkerException");
    }
    let text = of_keys.as_str().unwrap();
    for at in 0..text.len() {
        let swapped = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        let altered = format!("{}{swapped}{}", &text[..at], &text[at + 1..]);
        keystead
            .call("ListKeys", json!({"Marker": altered}))
            .await
            .refused("InvalidMarkerException");
    }
    let members = json!({"Marker": of_keys});
    for (account, region) in [(STRANGER, REGION), (ACCOUNT, OTHER_REGION)] {
        let answer = keystead
            .call_as(account, region, "ListKeys", members.clone())
            .await;
        answer.refused("InvalidMarkerException");
    }
    // The owners may be named, and the size may change.
    let members = json!({"Marker": of_keys, "ResourceOwners": ["SELF"], "Limit": 5});
    assert_eq!(
        keystead.call("ListKeys", members).await.ok()["Keys"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn sizes_are_bounded_by_the_model_and_then_by_the_operation() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    for (operation, most) in [
        ("ListAliases", 100),
        ("ListResourceTags", 50),
        ("ListKeyPolicies", 1000),
        ("ListKeys", 1000),
    ] {
        let limited = |limit: i64| keystead.call(operation, json!({"KeyId": key, "Limit": limit}));
        limited(most).await.ok();
        let text = |limit: i64, rule: &str| {
            format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must \
                 have value {rule}"
            )
        };
        limited(0)
            .await
            .is("ValidationException", &text(0, "greater than or equal to 1"));
        let over = text(most + 1, &format!("less than or equal to {most}"));
        limited(most + 1).await.is("ValidationException", &over);
        limited(1001).await.refused("ValidationException");
    }
}

#[tokio::test]
async fn other_accounts_share_no_keys() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let list = |owners: Value| keystead.call("ListKeys", json!({"ResourceOwners": owners}));
    let shared = list(json!(["OTHER_ACCOUNTS_VIA_RAM"])).await.ok();
    assert_eq!(shared, json!({"Keys": [], "Truncated": false}));
    let both = list(json!(["OTHER_ACCOUNTS_VIA_RAM", "SELF"])).await.ok();
    assert_eq!(both["Keys"][0]["KeyId"], json!(key));
    for owners in [json!([]), json!(["NOBODY"]), json!(["SELF", "SELF", "SELF"])] {
        list(owners).await.refused("ValidationException");
    }
    let strangers = keystead
        .call_as(STRANGER, REGION, "ListKeys", json!({}))
        .await
        .ok();
    assert_eq!(strangers["Keys"], json!([]));
}

#[tokio::test]
async fn tags_are_set_changed_and_removed() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let set = |tags: Vec<Value>| keystead.call("TagResource", json!({"KeyId": key, "Tags": tags}));
    let removed = |names: Vec<&str>| keystead.call("UntagResource", json!({"KeyId": key, "TagKeys": names}));
    let tags = async || {
        keystead
            .call("ListResourceTags", json!({"KeyId": key}))
            .await
            .ok()["Tags"]
            .take()
    };
    assert_eq!(set(vec![tag("z", "1"), tag("a", "")]).await.ok(), Value::Null);
    set(vec![tag("m", "2"), tag("z", "3")]).await.ok();
    assert_eq!(tags().await, json!([tag("z", "3"), tag("a", ""), tag("m", "2")]));
    assert_eq!(removed(vec!["a", "absent"]).await.ok(), Value::Null);
    assert_eq!(tags().await, json!([tag("z", "3"), tag("m", "2")]));
    set(vec![]).await.ok();
    removed(vec![]).await.ok();
    set(vec![tag("a", ""), tag("a", "")])
        .await
        .is("TagException", "Duplicate tag keys");
    set(vec![tag("aWs:a", "")])
        .await
        .is("TagException", "Tags beginning with aws: are reserved");
    removed(vec!["aws:a"])
        .await
        .is("TagException", "Tags beginning with aws: are reserved");
    let names: Vec<String> = (0..49).map(|number| format!("k{number}")).collect();
    let many = names.iter().map(|name| tag(name, "")).collect();
    set(many).await.is("TagException", "Too many tags");
    assert_eq!(tags().await, json!([tag("z", "3"), tag("m", "2")]));
}

#[tokio::test]
async fn a_list_of_tags_goes_on_where_it_was_though_its_last_tag_is_gone() {
    let keystead = Keystead::start().await;
    let tags: Vec<Value> = ["a", "b", "c", "d"].map(|name| tag(name, "")).to_vec();
    let key = keystead.key_with(json!({"Tags": tags})).await;
    let first = keystead
        .call("ListResourceTags", json!({"KeyId": key, "Limit": 2}))
        .await
        .ok();
    keystead
        .call("UntagResource", json!({"KeyId": key, "TagKeys": ["b"]}))
        .await
        .ok();
    let members = json!({"KeyId": key, "Marker": first["NextMarker"]});
    let rest = keystead.call("ListResourceTags", members).await.ok();
    assert_eq!(rest["Tags"], json!([tag("c", ""), tag("d", "")]));
}

#[tokio::test]
async fn lists_ask_whose_they_are() {
    let keystead = Keystead::start().await;
    let key = keystead.key().await;
    let denying = policy(&[statement("Allow", &["kms:*"]), statement("Deny", &["kms:List*"])]);
    keystead
        .call("PutKeyPolicy", json!({"KeyId": key, "Policy": denying}))
        .await
        .ok();
    for operation in ["ListResourceTags", "ListKeyPolicies"] {
        keystead
            .call(operation, json!({"KeyId": key}))
            .await
            .refused("AccessDeniedException");
    }
    // Those of the whole account are not the key's to deny.
    keystead.call("ListKeys", json!({})).await.ok();
    keystead.call("ListAliases", json!({"KeyId": key})).await.ok();
}
