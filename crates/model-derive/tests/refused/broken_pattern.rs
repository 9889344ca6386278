use model_derive::Shape;

#[derive(Shape)]
struct CreateAliasInput {
    #[shape(audit = log, pattern = "[a-z")]
    alias_name: String,
}

fn main() {}
