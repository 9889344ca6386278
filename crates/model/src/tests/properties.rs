use super::*;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn input() -> impl Strategy<Value = Input> {
    (
        "\\PC{1,20}",
        proptest::option::of(vec(any::<u8>(), 1..=8)),
        btree_map("[a-z]{1,5}", "\\PC{0,5}", 0..4),
        vec("\\PC{1,4}", 0..=3),
        proptest::option::of(proptest::sample::select(KeySpec::ALL)),
        proptest::option::of(1..=1024),
        vec(("\\PC{1,5}", "\\PC{0,5}"), 0..3),
        any::<bool>(),
    )
        .prop_map(
            |(key, plaintext, context, tokens, key_spec, number_of_bytes, tags, dry_run)| Input {
                key_id: KeyReference(key),
                plaintext: plaintext.map(SecretBytes::new),
                encryption_context: context,
                grant_tokens: tokens,
                key_spec,
                number_of_bytes,
                tags: tags
                    .into_iter()
                    .map(|(tag_key, tag_value)| Tag { tag_key, tag_value })
                    .collect(),
                alias_name: None,
                operations: key_spec.into_iter().collect(),
                dry_run,
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_reads_back(input in input()) {
        let again = parse::<Input>(&json(&input, View::Wire)).unwrap();
        prop_assert_eq!(again.value, input);
        prop_assert_eq!(again.unknown_members, 0);
    }

    #[test]
    fn the_estimate_of_room_is_enough_for_plain_texts(key in "[a-z]{1,99}", bytes in vec(any::<u8>(), 1..=8), count in 1..=1024) {
        let mut input = parse::<Input>(r#"{"KeyId":"k","DryRun":true,"KeySpec":"ECC_NIST_P256"}"#).unwrap().value;
        input.key_id = KeyReference(key);
        input.plaintext = Some(SecretBytes::new(bytes));
        input.number_of_bytes = Some(count);
        prop_assert!(json(&input, View::Wire).len() <= input.room());
    }

    #[test]
    fn a_sensitive_value_appears_in_no_message(bytes in vec(any::<u8>(), 9..40), key in "[a-z]{0,3}") {
        let text = json(&SecretBytes::copied_from(&bytes), View::Wire);
        let request = format!(r#"{{"KeyId":"{key}","Plaintext":{text}}}"#);
        let message = parse::<Input>(&request).unwrap_err().message(View::Wire).unwrap();
        prop_assert!(!message.contains(text.trim_matches('"')));
    }
}
