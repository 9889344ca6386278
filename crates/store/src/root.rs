//! Where the root key comes from when a store is opened.

use ambient::Entropy;
use crypto::root::RootKey;
use crypto::root::passphrase::Parameters;
use secret::SecretString;

/// A source of the root key. A store keeps the source's public parameters in the clear beside what the key wraps.
pub trait RootSource: Send {
    /// The root key. `stored` are the parameters that the store keeps, `None` for a store that is being made.
    /// Returns, beside the key, the parameters that a new store shall keep; empty if there are none. An error is
    /// told to the operator.
    fn root_key(
        self: Box<Self>,
        stored: Option<&[u8]>,
        entropy: &dyn Entropy,
    ) -> Result<(RootKey, Vec<u8>), String>;
}

impl RootSource for Box<dyn RootSource> {
    fn root_key(
        self: Box<Self>,
        stored: Option<&[u8]>,
        entropy: &dyn Entropy,
    ) -> Result<(RootKey, Vec<u8>), String> {
        (*self).root_key(stored, entropy)
    }
}

impl RootSource for RootKey {
    fn root_key(self: Box<Self>, _: Option<&[u8]>, _: &dyn Entropy) -> Result<(RootKey, Vec<u8>), String> {
        Ok((*self, Vec::new()))
    }
}

/// A root key out of a passphrase. Working it takes a second or so, and 64 MiB.
#[derive(Debug)]
pub struct Passphrase(pub SecretString);

impl RootSource for Passphrase {
    fn root_key(
        self: Box<Self>,
        stored: Option<&[u8]>,
        entropy: &dyn Entropy,
    ) -> Result<(RootKey, Vec<u8>), String> {
        let parameters = match stored {
            None => Parameters::generate(entropy).map_err(|error| error.to_string())?,
            Some([]) => {
                return Err("the store was made under a root key file, not under a passphrase".to_owned());
            }
            Some(stored) => Parameters::decode(stored).map_err(|error| error.to_string())?,
        };
        let key = parameters.root_key(&self.0).map_err(|error| error.to_string())?;
        Ok((key, parameters.encode().to_vec()))
    }
}
