//! `length`, `range`, `pattern`, and the rules for what lists and maps hold.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprRange, ExprUnary, Lit, LitStr, RangeLimits, Type, UnOp};

/// The rules of one place, as they are declared.
#[derive(Default)]
pub(crate) struct Rules {
    length: Option<Bounds>,
    range: Option<Bounds>,
    pattern: Option<LitStr>,
    member: Option<Box<Rules>>,
    key: Option<Box<Rules>>,
}

struct Bounds {
    least: Option<i64>,
    most: Option<i64>,
    span: Span,
}

impl Rules {
    /// Takes one attribute, if it is one of these.
    pub(crate) fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<bool, Error> {
        let Some(name) = meta.path.get_ident() else {
            return Ok(false);
        };
        match name.to_string().as_str() {
            "length" => {
                let bounds = Bounds::parse(meta)?;
                if bounds.least.is_some_and(|least| least < 0) {
                    return Err(Error::new(bounds.span, "a length is not negative"));
                }
                set(&mut self.length, bounds, meta)?;
            }
            "range" => set(&mut self.range, Bounds::parse(meta)?, meta)?,
            "pattern" => {
                let pattern: LitStr = meta.value()?.parse()?;
                if let Err(cause) = regex_lite::Regex::new(&format!("^(?:{})$", pattern.value())) {
                    return Err(Error::new(
                        pattern.span(),
                        format!("not a regular expression: {cause}"),
                    ));
                }
                set(&mut self.pattern, pattern, meta)?;
            }
            "member" => set(&mut self.member, Box::new(Rules::nested(meta)?), meta)?,
            "key" => set(&mut self.key, Box::new(Rules::nested(meta)?), meta)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn nested(meta: &ParseNestedMeta<'_>) -> Result<Rules, Error> {
        let mut rules = Rules::default();
        meta.parse_nested_meta(|meta| match rules.take(&meta)? {
            true => Ok(()),
            false => Err(meta.error("expected `length`, `range`, `pattern`, `member(…)` or `key(…)`")),
        })?;
        Ok(rules)
    }

    /// The rules as a constant expression of type `model::Rules`.
    pub(crate) fn value(&self, sensitive: bool) -> TokenStream {
        let bounds = |bounds: &Option<Bounds>| match bounds {
            None => quote!(::model::Bounds::OPEN),
            Some(Bounds { least, most, .. }) => {
                let (least, most) = (optional(least.as_ref()), optional(most.as_ref()));
                quote!(::model::Bounds { least: #least, most: #most })
            }
        };
        let (length, range) = (bounds(&self.length), bounds(&self.range));
        let pattern = match &self.pattern {
            None => quote!(::core::option::Option::None),
            Some(text) => quote!({
                static PATTERN: ::model::Pattern = ::model::Pattern::new(#text);
                ::core::option::Option::Some(&PATTERN)
            }),
        };
        let inner = |rules: &Option<Box<Rules>>| match rules {
            None => quote!(::core::option::Option::None),
            Some(rules) => {
                let rules = rules.value(false);
                quote!(::core::option::Option::Some({ static RULES: ::model::Rules = #rules; &RULES }))
            }
        };
        let (member, key) = (inner(&self.member), inner(&self.key));
        quote!(::model::Rules {
            length: #length,
            range: #range,
            pattern: #pattern,
            sensitive: #sensitive,
            member: #member,
            key: #key,
        })
    }

    /// Assertions, checked by the compiler, that values of `shape` can carry these rules.
    pub(crate) fn assertions(&self, shape: &Type) -> TokenStream {
        self.assertions_on(&quote!(::core::option::Option::Some(
            <#shape as ::model::Shape>::FORM
        )))
    }

    fn assertions_on(&self, form: &TokenStream) -> TokenStream {
        let assert = |span: Span, fits: TokenStream, message: &str| quote_spanned!(span=> const _: () = ::core::assert!(::model::support::#fits(#form), #message););
        let length = self.length.as_ref().map(|bounds| {
            assert(
                bounds.span,
                quote!(length_fits),
                "`length` is for texts, blobs, lists and maps",
            )
        });
        let range = self
            .range
            .as_ref()
            .map(|bounds| assert(bounds.span, quote!(range_fits), "`range` is for i32 and i64"));
        let pattern = self
            .pattern
            .as_ref()
            .map(|pattern| assert(pattern.span(), quote!(pattern_fits), "`pattern` is for texts"));
        let member = self
            .member
            .as_ref()
            .map(|rules| rules.assertions_on(&quote!(::model::support::member_form(#form))));
        let key = self
            .key
            .as_ref()
            .map(|rules| rules.assertions_on(&quote!(::model::support::key_form(#form))));
        quote!(#length #range #pattern #member #key)
    }
}

/// Sets what may be said once.
pub(crate) fn set<T>(slot: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> Result<(), Error> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(meta.error("said twice")),
    }
}

/// `Some(…)` or `None`, spelled out.
pub(crate) fn optional(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

impl Bounds {
    fn parse(meta: &ParseNestedMeta<'_>) -> Result<Bounds, Error> {
        let expression: Expr = meta.value()?.parse()?;
        let span = expression.span();
        let refusal = || {
            Error::new(
                span,
                "expected a range of whole numbers: `1..=10`, `1..` or `..=10`",
            )
        };
        let Expr::Range(ExprRange {
            start, limits, end, ..
        }) = &expression
        else {
            return Err(refusal());
        };
        if end.is_some() && matches!(limits, RangeLimits::HalfOpen(_)) {
            return Err(Error::new(
                span,
                "the last value belongs to the range: write `..=`",
            ));
        }
        let bounds = Bounds {
            least: start.as_deref().map(number).transpose()?,
            most: end.as_deref().map(number).transpose()?,
            span,
        };
        match (bounds.least, bounds.most) {
            (None, None) => Err(refusal()),
            (Some(least), Some(most)) if least > most => Err(Error::new(span, "nothing is in this range")),
            _ => Ok(bounds),
        }
    }
}

fn number(expression: &Expr) -> Result<i64, Error> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse(),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(std::ops::Neg::neg),
        other => Err(Error::new_spanned(other, "expected a whole number")),
    }
}
