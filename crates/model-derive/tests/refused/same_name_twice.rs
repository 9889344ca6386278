use model_derive::Shape;

#[derive(Shape)]
struct EncryptInput {
    #[shape(audit = log)]
    key_id: String,
    #[shape(audit = log, rename = "KeyId")]
    key: String,
}

fn main() {}
