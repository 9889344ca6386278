use model_derive::Shape;

#[derive(Shape)]
struct ListKeysInput {
    #[shape(audit = log, range = 1..1000)]
    limit: Option<i32>,
    #[shape(audit = log, length = 10..=1)]
    marker: Option<String>,
    #[shape(audit = log, length = 7)]
    other: Option<String>,
}

fn main() {}
