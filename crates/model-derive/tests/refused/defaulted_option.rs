use model_derive::Shape;

#[derive(Shape)]
struct EncryptInput {
    #[shape(default, audit = log)]
    dry_run: Option<bool>,
}

fn main() {}
