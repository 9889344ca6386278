//! Enumerations of plain variants, which travel as texts.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{DataEnum, DeriveInput, Error, Fields};

use crate::attributes::{TypeAttributes, rename_of};
use crate::names;

pub(crate) fn expand(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream, Error> {
    let attributes = TypeAttributes::of(&input.attrs)?;
    if attributes.transparent {
        return Err(Error::new_spanned(
            &input.ident,
            "`transparent` is for a structure of one unnamed field",
        ));
    }
    let spell: fn(&str) -> String = match attributes.rename_all.as_ref() {
        None => names::screaming_snake,
        Some(style) => match style.value().as_str() {
            "SCREAMING_SNAKE" => names::screaming_snake,
            "UpperCamel" => str::to_owned,
            "lowerCamel" => names::lower_first,
            _ => {
                return Err(Error::new(
                    style.span(),
                    "expected `SCREAMING_SNAKE`, `UpperCamel` or `lowerCamel`",
                ));
            }
        },
    };
    let mut texts: Vec<String> = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a variant of a shape holds nothing"));
        }
        let text = match rename_of(&variant.attrs)? {
            Some(text) => text.value(),
            None => spell(&variant.ident.unraw().to_string()),
        };
        if texts.contains(&text) {
            return Err(Error::new_spanned(
                variant,
                format!("there is a variant `{text}` already"),
            ));
        }
        texts.push(text);
    }
    let ident = &input.ident;
    let visibility = &input.vis;
    let name = ident.unraw().to_string();
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    Ok(quote! {
        #[automatically_derived]
        impl #ident {
            /// Every value, in the order of declaration.
            #[allow(dead_code)]
            #visibility const ALL: &'static [#ident] = &[#(#ident::#variants),*];

            /// The text on the wire.
            #[allow(dead_code)]
            #visibility const fn as_str(&self) -> &'static str {
                match self {
                    #(#ident::#variants => #texts,)*
                }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = ::model::UnknownValue;

            fn from_str(text: &str) -> ::core::result::Result<#ident, ::model::UnknownValue> {
                match text {
                    #(#texts => ::core::result::Result::Ok(#ident::#variants),)*
                    _ => ::core::result::Result::Err(::model::UnknownValue(#name)),
                }
            }
        }

        #[automatically_derived]
        impl ::model::Shape for #ident {
            const FORM: &'static ::model::Form = &::model::Form::PLAIN;

            fn schema() -> &'static ::model::Schema {
                static SCHEMA: ::model::Schema =
                    ::model::Schema::new(#name, ::model::Kind::Enumeration(&[#(#texts),*]));
                &SCHEMA
            }

            fn decode<'de, D: ::model::support::serde::Deserializer<'de>>(
                source: D,
                at: &::model::Path<'_>,
                violations: &mut ::model::Violations,
            ) -> ::core::result::Result<::core::option::Option<Self>, D::Error> {
                ::model::support::decode_enumeration(source, at, violations, |text| text.parse().ok(), &[#(#texts),*])
            }

            fn encode<S: ::model::support::serde::Serializer>(
                &self,
                target: S,
                _: ::model::View,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                target.serialize_str(self.as_str())
            }

            fn condition(&self, _: ::core::option::Option<&str>) -> ::model::Condition<'_> {
                ::model::Condition::One(::std::borrow::Cow::Borrowed(self.as_str()))
            }

            fn show(&self, shown: &mut ::std::string::String) -> bool {
                ::model::support::push_shown(shown, self.as_str());
                true
            }
        }
    })
}
