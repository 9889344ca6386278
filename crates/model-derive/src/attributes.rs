//! What stands in `#[shape(…)]`.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Field, Ident, LitStr};

use crate::rules::{Rules, set};

/// On a field of a structure.
pub(crate) struct FieldAttributes {
    /// Whether the member is recorded.
    pub(crate) log: bool,
    pub(crate) sensitive: bool,
    pub(crate) default: bool,
    pub(crate) rename: Option<LitStr>,
    pub(crate) condition: Option<LitStr>,
    pub(crate) rules: Rules,
}

impl FieldAttributes {
    pub(crate) fn of(field: &Field) -> Result<FieldAttributes, Error> {
        let mut audit: Option<(bool, proc_macro2::Span)> = None;
        let (mut sensitive, mut default) = (None, None);
        let (mut rename, mut condition) = (None, None);
        let mut rules = Rules::default();
        each(&field.attrs, |meta| {
            if meta.path.is_ident("audit") {
                let mark: Ident = meta.value()?.parse()?;
                let log = match mark.to_string().as_str() {
                    "log" => true,
                    "omit" => false,
                    _ => {
                        return Err(Error::new(
                            mark.span(),
                            "expected `audit = log` or `audit = omit`",
                        ));
                    }
                };
                set(&mut audit, (log, mark.span()), meta)
            } else if meta.path.is_ident("sensitive") {
                set(&mut sensitive, (), meta)
            } else if meta.path.is_ident("default") {
                set(&mut default, (), meta)
            } else if meta.path.is_ident("rename") {
                set(&mut rename, meta.value()?.parse()?, meta)
            } else if meta.path.is_ident("condition") {
                set(&mut condition, meta.value()?.parse()?, meta)
            } else if rules.take(meta)? {
                Ok(())
            } else {
                Err(meta.error(
                    "expected one of `audit`, `sensitive`, `default`, `rename`, `condition`, `length`, `range`, `pattern`, \
                     `member(…)`, `key(…)`",
                ))
            }
        })?;
        let log = match (audit, sensitive) {
            (Some((true, span)), Some(())) => {
                return Err(Error::new(
                    span,
                    "a sensitive member is never recorded: leave out `audit = log`",
                ));
            }
            (Some((log, _)), _) => log,
            (None, Some(())) => false,
            (None, None) => {
                return Err(Error::new(
                    field.ident.as_ref().map_or_else(|| field.span(), Ident::span),
                    "say whether this member is recorded: `#[shape(audit = log)]`, `#[shape(audit = omit)]` or \
                     `#[shape(sensitive)]`",
                ));
            }
        };
        Ok(FieldAttributes {
            log,
            sensitive: sensitive.is_some(),
            default: default.is_some(),
            rename,
            condition,
            rules,
        })
    }
}

/// On a structure, newtype or enumeration.
#[derive(Default)]
pub(crate) struct TypeAttributes {
    pub(crate) transparent: bool,
    pub(crate) rename_all: Option<LitStr>,
    pub(crate) rules: Rules,
}

impl TypeAttributes {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<TypeAttributes, Error> {
        let mut transparent = None;
        let mut rename_all = None;
        let mut rules = Rules::default();
        each(attributes, |meta| {
            if meta.path.is_ident("transparent") {
                set(&mut transparent, (), meta)
            } else if meta.path.is_ident("rename_all") {
                set(&mut rename_all, meta.value()?.parse()?, meta)
            } else if rules.take(meta)? {
                Ok(())
            } else {
                Err(meta.error("expected one of `transparent`, `rename_all`, `length`, `range`, `pattern`, `member(…)`, `key(…)`"))
            }
        })?;
        Ok(TypeAttributes {
            transparent: transparent.is_some(),
            rename_all,
            rules,
        })
    }
}

/// The `rename = "…"` of a variant.
pub(crate) fn rename_of(attributes: &[Attribute]) -> Result<Option<LitStr>, Error> {
    let mut rename = None;
    each(attributes, |meta| {
        if meta.path.is_ident("rename") {
            set(&mut rename, meta.value()?.parse()?, meta)
        } else {
            Err(meta.error("expected `rename = \"…\"`"))
        }
    })?;
    Ok(rename)
}

fn each(
    attributes: &[Attribute],
    mut take: impl FnMut(&ParseNestedMeta<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    for attribute in attributes {
        if attribute.path().is_ident("shape") {
            attribute.parse_nested_meta(|meta| take(&meta))?;
        }
    }
    Ok(())
}
