use super::*;

fn schema<T: Shape>() -> serde_json::Value {
    serde_json::to_value(T::schema()).unwrap()
}

#[test]
fn a_schema_has_the_form_of_the_published_model() {
    let input = schema::<Input>();
    assert_eq!(input["type"], "structure");
    assert_eq!(input["required"], serde_json::json!(["KeyId"]));
    let members = &input["members"];
    assert_eq!(
        members["KeyId"],
        serde_json::json!({"type":"string","name":"KeyReference","min":1,"max":2048,"audit":"log"})
    );
    assert_eq!(
        members["Plaintext"],
        serde_json::json!({"type":"blob","name":"Blob","min":1,"max":8,"sensitive":true,"audit":"omit"})
    );
    assert_eq!(
        members["GrantTokens"],
        serde_json::json!({"type":"list","name":"List","min":0,"max":3,"audit":"omit",
            "member":{"type":"string","name":"String","min":1,"max":4}})
    );
    assert_eq!(
        members["KeySpec"]["enum"],
        serde_json::json!(["AES_256", "ECC_NIST_P256", "SM2"])
    );
    assert_eq!(members["NumberOfBytes"]["type"], "integer");
    assert_eq!(members["AliasName"]["pattern"], "^[a-zA-Z0-9:/_-]+$");
    assert_eq!(members["EncryptionContext"]["condition"], "kms:EncryptionContext");
    assert_eq!(members["EncryptionContext"]["value"]["type"], "string");
    assert_eq!(members["EncryptionContext"]["key"]["pattern"], "[a-z]+");
    assert_eq!(
        members["Tags"]["member"]["required"],
        serde_json::json!(["TagKey", "TagValue"])
    );
}

#[test]
fn a_structure_within_itself_is_named_there() {
    let nest = schema::<Nest>();
    assert_eq!(
        nest["members"]["Inner"],
        serde_json::json!({"type":"structure","name":"Nest","audit":"log"})
    );
}

#[test]
fn a_schema_finds_its_members() {
    let member = Input::schema().member("NumberOfBytes").unwrap();
    assert_eq!((member.audit_name, member.required), ("numberOfBytes", false));
    assert!(Input::schema().member("numberOfBytes").is_none());
}
