use model_derive::Shape;

#[derive(Shape)]
enum KeySpec {
    SymmetricDefault,
    Rsa(u32),
}

fn main() {}
