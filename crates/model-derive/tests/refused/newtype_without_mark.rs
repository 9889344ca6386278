use model_derive::Shape;

#[derive(Shape)]
struct KeyReference(String);

fn main() {}
