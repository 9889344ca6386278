use model_derive::Shape;

#[derive(Shape)]
struct EncryptInput {
    #[shape(audit = log, length = 1..=2048)]
    key_id: String,
    #[shape(length = 1..=4096)]
    plaintext: Vec<u8>,
    dry_run: Option<bool>,
}

fn main() {}
