use model_derive::Shape;

#[derive(Shape)]
struct EncryptInput {
    #[shape(audit = log, optional)]
    key_id: String,
    #[shape(audit = yes)]
    dry_run: bool,
}

fn main() {}
