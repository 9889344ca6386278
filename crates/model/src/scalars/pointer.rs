//! Values behind a pointer, for recursion and for sharing with a record.

use std::sync::Arc;

use serde::{Deserializer, Serializer};

use crate::{Condition, Form, Path, Schema, Shape, View, Violations};

macro_rules! pointer {
    ($pointer:ident) => {
        impl<T: Shape> Shape for $pointer<T> {
            const FORM: &'static Form = T::FORM;

            fn schema() -> &'static Schema {
                T::schema()
            }

            fn decode<'de, D: Deserializer<'de>>(
                source: D,
                at: &Path<'_>,
                violations: &mut Violations,
            ) -> Result<Option<$pointer<T>>, D::Error> {
                Ok(T::decode(source, at, violations)?.map($pointer::new))
            }

            fn encode<S: Serializer>(&self, target: S, view: View) -> Result<S::Ok, S::Error> {
                T::encode(self, target, view)
            }

            fn condition(&self, name: Option<&str>) -> Condition<'_> {
                T::condition(self, name)
            }

            fn room(&self) -> usize {
                T::room(self)
            }

            fn is_vacant(&self) -> bool {
                T::is_vacant(self)
            }

            fn show(&self, shown: &mut String) -> bool {
                T::show(self, shown)
            }
        }
    };
}

pointer!(Arc);
pointer!(Box);
