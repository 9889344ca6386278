//! Policy documents of identities: kept as they were given, parsed once for each record that is opened.

use std::sync::{Arc, OnceLock};

use minicbor::decode::Decoder;
use minicbor::encode::{Encoder, Write};
use minicbor::{Decode, Encode};
use policy::Policy;

/// The document of an identity's policy.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    parsed: OnceLock<Arc<Policy>>,
}

impl Document {
    /// A document, as it was given.
    pub fn new(text: &str) -> Document {
        Document {
            text: text.to_owned(),
            parsed: OnceLock::new(),
        }
    }

    /// The text, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The policy. A text that was taken once and can't be read any more denies everything.
    pub fn policy(&self) -> Arc<Policy> {
        let parsed = self.parsed.get_or_init(|| {
            let read = Policy::parse(&self.text);
            Arc::new(read.unwrap_or_else(|_| Policy::denying_everything()))
        });
        Arc::clone(parsed)
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        self.text == other.text
    }
}

impl Eq for Document {}

impl<C> Encode<C> for Document {
    fn encode<W: Write>(
        &self,
        out: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        out.str(&self.text)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Document {
    fn decode(source: &mut Decoder<'b>, _: &mut C) -> Result<Document, minicbor::decode::Error> {
        source.str().map(Document::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_read_denies() {
        let document = Document::new("not a policy");
        assert_eq!(*document.policy(), Policy::denying_everything());
        let good = Document::new(r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#);
        assert_eq!(good.policy().statements.len(), 1);
    }
}
