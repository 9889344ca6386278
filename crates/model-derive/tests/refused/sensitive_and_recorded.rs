use model_derive::Shape;

#[derive(Shape)]
struct EncryptInput {
    #[shape(sensitive, audit = log)]
    plaintext: Vec<u8>,
}

fn main() {}
