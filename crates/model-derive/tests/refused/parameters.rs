use model_derive::Shape;

#[derive(Shape)]
struct Page<T> {
    #[shape(audit = log)]
    items: Vec<T>,
}

fn main() {}
