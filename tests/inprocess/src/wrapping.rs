//! The owner's side of an import: material is wrapped with the library's public interface.

use std::collections::HashMap;
use std::sync::Mutex;

use ambient::{Clock, Timestamp};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Answer, DAY, Keystead, REGION};

/// The way in which material is wrapped where a test is about something else.
pub const USUAL: (&str, &str) = ("RSAES_OAEP_SHA_256", "RSA_2048");

/// Wrapping keys and tokens by Region and key, and since when.
pub type Known = Mutex<HashMap<(String, String), (Timestamp, Value)>>;

impl Keystead {
    /// Makes a key of these members for imported material, and gives its id.
    pub async fn external(&self, members: Value) -> String {
        let mut members = members;
        members["Origin"] = json!("EXTERNAL");
        self.key_with(members).await
    }

    /// Makes a symmetric encryption key with this material, and gives its id.
    pub async fn imported(&self, material: &[u8]) -> String {
        let key = self.external(json!({})).await;
        self.import(&key, material, json!({})).await.ok();
        key
    }

    /// A wrapping key and its token.
    pub async fn parameters(&self, region: &str, key: &str, (algorithm, spec): (&str, &str)) -> Value {
        let members = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
        self.call_in(region, "GetParametersForImport", members).await.ok()
    }

    /// Imports material for good, unless these members say otherwise.
    pub async fn import(&self, key: &str, material: &[u8], members: Value) -> Answer {
        self.import_in(REGION, key, material, members).await
    }

    /// As [`Keystead::import`], in another Region.
    pub async fn import_in(&self, region: &str, key: &str, material: &[u8], members: Value) -> Answer {
        let parameters = self.known_parameters(region, key).await;
        let wrapped = wrap(USUAL.0, &parameters, material);
        self.bring(region, key, &parameters, &wrapped, members).await
    }

    /// As [`Keystead::parameters`], the same ones again while they are good: pairs of RSA take their time to be made.
    pub async fn known_parameters(&self, region: &str, key: &str) -> Value {
        let name = (region.to_owned(), key.to_owned());
        let now = self.clock.now();
        let known = self.parameters.lock().unwrap().get(&name).cloned();
        if let Some((since, parameters)) = known
            && now < since.after(DAY)
        {
            return parameters;
        }
        let parameters = self.parameters(region, key, USUAL).await;
        let known = (now, parameters.clone());
        self.parameters.lock().unwrap().insert(name, known);
        parameters
    }

    /// Imports what was wrapped already.
    pub async fn bring(
        &self,
        region: &str,
        key: &str,
        parameters: &Value,
        wrapped: &[u8],
        members: Value,
    ) -> Answer {
        let mut members = members;
        members["KeyId"] = json!(key);
        members["ImportToken"] = parameters["ImportToken"].clone();
        members["EncryptedKeyMaterial"] = json!(text(wrapped));
        if members.get("ExpirationModel").is_none() && members.get("ValidTo").is_none() {
            members["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE");
        }
        self.call_in(region, "ImportKeyMaterial", members).await
    }

    /// The materials of a key, oldest first, as ListKeyRotations tells of them.
    pub async fn materials_in(&self, region: &str, key: &str) -> Vec<Value> {
        let members = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
        let mut listed = self.call_in(region, "ListKeyRotations", members).await.ok();
        listed["Rotations"].as_array_mut().unwrap().drain(..).collect()
    }
}

/// The bytes of a blob.
pub fn bytes(blob: &Value) -> Vec<u8> {
    STANDARD.decode(blob.as_str().unwrap()).unwrap()
}

/// Bytes as a blob.
pub fn text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Wraps material under the public key of `parameters`.
pub fn wrap(algorithm: &str, parameters: &Value, material: &[u8]) -> Vec<u8> {
    let public_key = bytes(&parameters["PublicKey"]);
    let directly = |material: &[u8]| {
        let key = PublicEncryptingKey::from_der(&public_key).unwrap();
        let key = OaepPublicEncryptingKey::new(key).unwrap();
        let oaep = match algorithm.ends_with("SHA_256") {
            true => &OAEP_SHA256_MGF1SHA256,
            false => &OAEP_SHA1_MGF1SHA1,
        };
        let mut wrapped = vec![0; key.ciphertext_size()];
        key.encrypt(oaep, material, &mut wrapped, None).unwrap();
        wrapped
    };
    if algorithm.starts_with("RSAES_OAEP") {
        return directly(material);
    }
    let mut behind = vec![0; material.len() + 15];
    let kek = AesKek::new(&AES_256, &[0xe5; 32]).unwrap();
    let length = kek.wrap_with_padding(material, &mut behind).unwrap().len();
    [&directly(&[0xe5; 32]), &behind[..length]].concat()
}
