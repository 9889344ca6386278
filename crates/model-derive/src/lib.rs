//! #[derive(Shape)].
