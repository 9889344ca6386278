//! `#[derive(Shape)]`; what it takes is described in `model`.

mod attributes;
mod enumeration;
mod names;
mod newtype;
mod rules;
mod structure;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Error, Fields};

/// Derives `model::Shape`; the attributes are described in the documentation of the crate `model`.
#[proc_macro_derive(Shape, attributes(shape))]
pub fn derive_shape(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream, Error> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "a shape has no parameters"));
    }
    match &input.data {
        Data::Enum(data) => enumeration::expand(input, data),
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => structure::expand(input, fields.named.iter()),
            Fields::Unit => structure::expand(input, [].into_iter()),
            Fields::Unnamed(fields) => newtype::expand(input, fields),
        },
        Data::Union(data) => Err(Error::new_spanned(
            data.union_token,
            "a shape is a structure, an enumeration of plain variants, or a newtype",
        )),
    }
}
