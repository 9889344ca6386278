//! Structures with named members.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, GenericArgument, Ident, PathArguments, Type};

use crate::attributes::{FieldAttributes, TypeAttributes};
use crate::names;
use crate::rules::optional;

struct Member<'a> {
    field: &'a Ident,
    /// The field's type without its `Option`.
    shape: &'a Type,
    presence: Presence,
    name: String,
    attributes: FieldAttributes,
}

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Required,
    Optional,
    Defaulted,
}

pub(crate) fn expand<'a>(
    input: &DeriveInput,
    fields: impl Iterator<Item = &'a Field>,
) -> Result<TokenStream, Error> {
    let attributes = TypeAttributes::of(&input.attrs)?;
    if attributes.transparent {
        return Err(Error::new_spanned(
            &input.ident,
            "`transparent` is for a structure of one unnamed field",
        ));
    }
    let spell: fn(&str) -> String = match attributes.rename_all.as_ref() {
        None => names::upper_camel,
        Some(style) => match style.value().as_str() {
            "UpperCamel" => names::upper_camel,
            "lowerCamel" => |field| names::lower_first(&names::upper_camel(field)),
            _ => return Err(Error::new(style.span(), "expected `UpperCamel` or `lowerCamel`")),
        },
    };
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut errors: Option<Error> = None;
    for field in fields {
        match Member::of(field, spell) {
            Ok(member) if members.iter().any(|other| other.name == member.name) => combine(
                &mut errors,
                Error::new(
                    field.span(),
                    format!("there is a member `{}` already", member.name),
                ),
            ),
            Ok(member) => members.push(member),
            Err(error) => combine(&mut errors, error),
        }
    }
    match errors {
        Some(errors) => Err(errors),
        None => Ok(generate(&input.ident, &members)),
    }
}

fn combine(errors: &mut Option<Error>, error: Error) {
    match errors {
        Some(errors) => errors.combine(error),
        None => *errors = Some(error),
    }
}

impl<'a> Member<'a> {
    fn of(field: &'a Field, spell: fn(&str) -> String) -> Result<Member<'a>, Error> {
        let attributes = FieldAttributes::of(field)?;
        let ident = field
            .ident
            .as_ref()
            .ok_or_else(|| Error::new(field.span(), "a member has a name"))?;
        let (shape, presence) = match inside_option(&field.ty) {
            Some(_) if attributes.default => {
                return Err(Error::new(
                    ident.span(),
                    "an `Option` is optional already: leave out `default`",
                ));
            }
            Some(inner) => (inner, Presence::Optional),
            None if attributes.default => (&field.ty, Presence::Defaulted),
            None => (&field.ty, Presence::Required),
        };
        let name = match &attributes.rename {
            Some(name) => name.value(),
            None => spell(&ident.unraw().to_string()),
        };
        Ok(Member {
            field: ident,
            shape,
            presence,
            name,
            attributes,
        })
    }

    fn declaration(&self) -> TokenStream {
        let Member { shape, name, .. } = self;
        let audit_name = names::lower_first(name);
        let required = self.presence == Presence::Required;
        let audit = if self.attributes.log {
            quote!(Log)
        } else {
            quote!(Omit)
        };
        let condition = optional(self.attributes.condition.as_ref());
        let rules = self.attributes.rules.value(self.attributes.sensitive);
        quote!(::model::Member {
            name: #name,
            audit_name: #audit_name,
            required: #required,
            audit: ::model::AuditMark::#audit,
            condition: #condition,
            rules: #rules,
            shape: <#shape as ::model::Shape>::schema,
        })
    }

    fn assertions(&self) -> TokenStream {
        let shape = self.shape;
        let rules = self.attributes.rules.assertions(shape);
        let secrecy = (!self.attributes.sensitive).then(|| {
            quote_spanned!(shape.span()=> const _: () = ::core::assert!(
                !<#shape as ::model::Shape>::FORM.secret,
                "a member made for secrets must be marked `sensitive`"
            );)
        });
        quote!(#rules #secrecy)
    }

    /// The member's value out of what was gathered, as an `Option` that is `None` when the structure can't be.
    fn gathered(&self, index: usize) -> TokenStream {
        let field = self.field;
        match self.presence {
            Presence::Required => quote!(self.#field.required(&MEMBERS[#index], at, violations)),
            Presence::Optional => quote!(self.#field.optional()),
            Presence::Defaulted => quote_spanned!(self.shape.span()=> self.#field.or_default()),
        }
    }

    fn encoded(&self, index: usize) -> TokenStream {
        let field = self.field;
        let (function, value) = match self.presence {
            Presence::Required => (quote!(encode_member), quote!(&self.#field)),
            Presence::Optional => (
                quote!(encode_optional),
                quote!(::core::option::Option::as_ref(&self.#field)),
            ),
            Presence::Defaulted => (quote!(encode_defaulted), quote!(&self.#field)),
        };
        quote!(::model::support::#function(&mut out, &MEMBERS[#index], #value, view)?;)
    }

    /// The arm that answers for the member's condition key, if it stands under one.
    fn condition(&self) -> Option<TokenStream> {
        let key = self.attributes.condition.as_ref()?.value().to_ascii_lowercase();
        let field = self.field;
        let value = match self.presence {
            Presence::Optional => quote!(
                self.#field.as_ref().map_or(
                    ::model::Condition::Absent,
                    |value| ::model::Shape::condition(value, name),
                )
            ),
            _ => quote!(::model::Shape::condition(&self.#field, name)),
        };
        Some(quote!(#key => ::core::option::Option::Some(#value),))
    }

    fn room(&self) -> TokenStream {
        let field = self.field;
        let name = self.name.len() + 4;
        match self.presence {
            Presence::Optional => quote!(
                self.#field.as_ref().map_or(0, |value| #name + ::model::Shape::room(value))
            ),
            _ => quote!(#name + ::model::Shape::room(&self.#field)),
        }
    }
}

fn generate(ident: &Ident, members: &[Member<'_>]) -> TokenStream {
    let name = ident.unraw().to_string();
    let count = members.len();
    let indexes: Vec<usize> = (0..count).collect();
    let fields: Vec<&Ident> = members.iter().map(|member| member.field).collect();
    let shapes = members.iter().map(|member| member.shape);
    let names = members.iter().map(|member| &member.name);
    let declarations = members.iter().map(Member::declaration);
    let assertions = members.iter().map(Member::assertions);
    let values: Vec<Ident> = indexes
        .iter()
        .map(|index| format_ident!("value_{index}"))
        .collect();
    let gathered = members
        .iter()
        .enumerate()
        .map(|(index, member)| member.gathered(index));
    let encoded = members
        .iter()
        .enumerate()
        .map(|(index, member)| member.encoded(index));
    let conditions = members.iter().filter_map(Member::condition);
    let rooms = members.iter().map(Member::room);
    quote! {
        const _: () = {
            #(#assertions)*

            static MEMBERS: [::model::Member; #count] = [#(#declarations),*];

            #[automatically_derived]
            #[derive(::core::default::Default)]
            struct Gathered {
                #(#fields: ::model::support::Gathered<#shapes>,)*
            }

            #[automatically_derived]
            #[allow(unused_variables, clippy::all, clippy::pedantic)]
            impl ::model::support::Gather for Gathered {
                type Whole = #ident;

                fn member(name: &str) -> ::core::option::Option<usize> {
                    match name {
                        #(#names => ::core::option::Option::Some(#indexes),)*
                        _ => ::core::option::Option::None,
                    }
                }

                fn take<'de, A: ::model::support::serde::de::MapAccess<'de>>(
                    &mut self,
                    member: usize,
                    map: &mut A,
                    at: &::model::Path<'_>,
                    violations: &mut ::model::Violations,
                ) -> ::core::result::Result<bool, A::Error> {
                    match member {
                        #(#indexes => self.#fields.fill(map, &MEMBERS[#indexes], at, violations),)*
                        _ => ::core::result::Result::Ok(false),
                    }
                }

                fn whole(
                    self,
                    at: &::model::Path<'_>,
                    violations: &mut ::model::Violations,
                ) -> ::core::option::Option<#ident> {
                    #(let #values = #gathered;)*
                    ::core::option::Option::Some(#ident { #(#fields: #values?,)* })
                }
            }

            #[automatically_derived]
            #[allow(unused_mut, unused_variables, clippy::all, clippy::pedantic)]
            impl ::model::Shape for #ident {
                const FORM: &'static ::model::Form = &::model::Form::PLAIN;

                fn schema() -> &'static ::model::Schema {
                    static SCHEMA: ::model::Schema =
                        ::model::Schema::new(#name, ::model::Kind::Structure(&MEMBERS));
                    &SCHEMA
                }

                fn decode<'de, D: ::model::support::serde::Deserializer<'de>>(
                    source: D,
                    at: &::model::Path<'_>,
                    violations: &mut ::model::Violations,
                ) -> ::core::result::Result<::core::option::Option<Self>, D::Error> {
                    ::model::support::decode_structure::<Gathered, D>(source, at, violations)
                }

                fn encode<S: ::model::support::serde::Serializer>(
                    &self,
                    target: S,
                    view: ::model::View,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    let mut out = ::model::support::serde::Serializer::serialize_struct(target, #name, #count)?;
                    #(#encoded)*
                    ::model::support::serde::ser::SerializeStruct::end(out)
                }

                fn member_condition(
                    &self,
                    key: &str,
                    name: ::core::option::Option<&str>,
                ) -> ::core::option::Option<::model::Condition<'_>> {
                    match key {
                        #(#conditions)*
                        _ => ::core::option::Option::None,
                    }
                }

                fn room(&self) -> usize {
                    2 #(+ #rooms)*
                }
            }
        };
    }
}

/// `T` of `Option<T>`.
fn inside_option(shape: &Type) -> Option<&Type> {
    let Type::Path(path) = shape else {
        return None;
    };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}
