//! Policy documents of identities: kept as they were given, parsed once for each record that is opened.

use std::sync::{Arc, OnceLock};

use minicbor::decode::Decoder;
use minicbor::encode::{Encoder, Write};
use minicbor::{Decode, Encode};
use policy::{Compiled, Kind, Policy};

/// The document of an identity's policy.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    compiled: OnceLock<Arc<Compiled>>,
}

impl Document {
    /// A document, as it was given.
    pub fn new(text: &str) -> Document {
        Document {
            text: text.to_owned(),
            compiled: OnceLock::new(),
        }
    }

    /// The text, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The policy, to be evaluated. A text that was taken once and can't be read any more denies everything.
    pub fn compiled(&self) -> Arc<Compiled> {
        let compiled = self.compiled.get_or_init(|| {
            // What a document may hold was checked when it was given; how it is attached makes no difference to what it says.
            let read = Policy::parse(&self.text, Kind::Inline);
            Arc::new(read.unwrap_or_else(|_| Policy::unreadable()).compile())
        });
        Arc::clone(compiled)
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
    use arn::Arn;
    use policy::{Caller, Decision, Entity, Nothing, Question};

    #[test]
    fn a_text_that_cannot_be_read_denies() {
        let arn: Arn = "arn:aws:iam::111122223333:user/ada".parse().unwrap();
        let user = Entity {
            arn: &arn,
            id: "AIDAEXAMPLE",
        };
        let question = Question {
            caller: Caller::User(user),
            action: "kms:Encrypt",
            resource: "*",
            context: &Nothing,
        };
        let unreadable = Document::new("not a policy").compiled();
        assert!(matches!(unreadable.decide(&question), Decision::Deny(_)));
        let good = Document::new(r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#);
        assert!(matches!(good.compiled().decide(&question), Decision::Allow(..)));
    }
}
