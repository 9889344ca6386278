//! Newtypes, which travel as what they hold.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{DeriveInput, Error, FieldsUnnamed};

use crate::attributes::TypeAttributes;

pub(crate) fn expand(input: &DeriveInput, fields: &FieldsUnnamed) -> Result<TokenStream, Error> {
    let attributes = TypeAttributes::of(&input.attrs)?;
    let only = match fields.unnamed.first() {
        Some(only) if attributes.transparent && fields.unnamed.len() == 1 => only,
        _ => {
            return Err(Error::new_spanned(
                &input.ident,
                "a structure without member names travels as its one field: `#[shape(transparent)]`",
            ));
        }
    };
    if let Some(style) = &attributes.rename_all {
        return Err(Error::new(style.span(), "a newtype has no names on the wire"));
    }
    let ident = &input.ident;
    let name = ident.unraw().to_string();
    let shape = &only.ty;
    let rules = attributes.rules.value(false);
    let assertions = attributes.rules.assertions(shape);
    Ok(quote! {
        const _: () = {
            #assertions

            #[automatically_derived]
            impl ::model::Shape for #ident {
                const FORM: &'static ::model::Form = <#shape as ::model::Shape>::FORM;

                fn schema() -> &'static ::model::Schema {
                    static SCHEMA: ::std::sync::LazyLock<::model::Schema> = ::std::sync::LazyLock::new(|| {
                        const RULES: ::model::Rules = #rules;
                        <#shape as ::model::Shape>::schema().newtype(#name, &RULES)
                    });
                    &SCHEMA
                }

                fn decode<'de, D: ::model::support::serde::Deserializer<'de>>(
                    source: D,
                    at: &::model::Path<'_>,
                    violations: &mut ::model::Violations,
                ) -> ::core::result::Result<::core::option::Option<Self>, D::Error> {
                    static RULES: ::model::Rules = #rules;
                    let inner = ::model::support::decode_newtype::<#shape, D>(source, at, violations, &RULES)?;
                    ::core::result::Result::Ok(inner.map(#ident))
                }

                fn encode<S: ::model::support::serde::Serializer>(
                    &self,
                    target: S,
                    view: ::model::View,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    ::model::Shape::encode(&self.0, target, view)
                }

                fn condition(&self, name: ::core::option::Option<&str>) -> ::model::Condition<'_> {
                    ::model::Shape::condition(&self.0, name)
                }

                fn room(&self) -> usize {
                    ::model::Shape::room(&self.0)
                }

                fn is_vacant(&self) -> bool {
                    ::model::Shape::is_vacant(&self.0)
                }

                fn show(&self, shown: &mut ::std::string::String) -> bool {
                    ::model::Shape::show(&self.0, shown)
                }
            }
        };
    })
}
