//! The main job, step by step; each step says what it shows, and fails the demo if it is not so.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ambient::Clock;
use serde::Deserialize;
use serde_json::{Value, json};
use server::shell;

use super::audited;
use super::envelope::{self, CHUNK};
use super::error::{DemoError, must};
use super::host::Host;
use super::look;
use super::page::{Page, count, short};
use super::place::Place;
use super::sample::{self, PHRASE};
use crate::client::{Answer, Blob, Client, ClientError, Confidential, Credentials};

const ALIAS: &str = "alias/Financial_Report";
const PLAIN: &str = "report.csv";
const SEALED: &str = "report.csv.sealed";

/// A demo being told.
pub(super) struct Story<'a, W> {
    pub(super) page: &'a mut Page<W>,
    pub(super) place: &'a Place,
    pub(super) clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreatedKey {
    key_metadata: KeyMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata {
    key_id: String,
}

/// What the users of the key may do with it.
const USE: [&str; 4] = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:DescribeKey",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataKey {
    ciphertext_blob: Blob,
    plaintext: Confidential,
    key_material_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted {
    plaintext: Confidential,
    key_material_id: String,
}

impl<W: Write> Story<'_, W> {
    /// All steps, from the start of the server to what to try next.
    pub(super) async fn tell(&mut self, host: &mut Host, exit: bool) -> Result<(), DemoError> {
        self.page
            .line("Keystead demo: the main job of a key service, on a server and a file of its own.")?;
        self.page.blank()?;
        host.ready().await?;
        let mut caller = Caller::of(Client::of(&self.place.data(), self.clock.clone())?);
        self.server(&caller)?;
        let key_id = self.key(&mut caller).await?;
        let material = self.encrypt(&mut caller).await?;
        self.look()?;
        self.decrypt(&mut caller).await?;
        self.disable_and_enable(&mut caller, &key_id).await?;
        self.rotate(&mut caller, &key_id, &material).await?;
        self.people(&mut caller, &key_id).await?;
        self.audit(&caller).await?;
        self.page.blank()?;
        if exit {
            self.try_a_server()
        } else {
            self.try_this_server()
        }
    }

    fn server(&mut self, caller: &Caller) -> Result<(), DemoError> {
        self.page.step(
            "Server",
            &[
                format!(
                    "{} answers, over TLS with an authority of its own.",
                    caller.client.endpoint()
                ),
                format!(
                    "All that is written is in {}, and removed at the end.",
                    self.place.path().display()
                ),
            ],
        )
    }

    async fn key(&mut self, caller: &mut Caller) -> Result<String, DemoError> {
        let created: CreatedKey = caller
            .call(
                "CreateKey",
                json!({ "Description": "Seals the data keys of reports" }),
            )
            .await?
            .read("CreateKey")?;
        let key_id = created.key_metadata.key_id;
        let alias = json!({ "AliasName": ALIAS, "TargetKeyId": key_id });
        caller.call("CreateAlias", alias).await?;
        self.page.step(
            "Key",
            &[
                format!("CreateKey made {key_id},"),
                format!("CreateAlias named it {ALIAS}. Its material never leaves the server."),
            ],
        )?;
        Ok(key_id)
    }

    /// Encrypts the file; the id of the key material under which its data key is sealed.
    async fn encrypt(&mut self, caller: &mut Caller) -> Result<String, DemoError> {
        let report = sample::report();
        write(&self.place.file(PLAIN), report.as_bytes())?;
        let DataKey {
            ciphertext_blob: Blob(sealed_key),
            plaintext: Confidential(data_key),
            key_material_id,
        } = data_key(caller).await?;
        let size = data_key.len();
        self.page.step(
            "Data key",
            &[format!(
                "GenerateDataKey gave {size} bytes to encrypt with, and the same sealed under the key."
            )],
        )?;
        let sealed = envelope::seal(data_key.expose(), &sealed_key, report.as_bytes())?;
        write(&self.place.file(SEALED), &sealed)?;
        drop(data_key);
        self.page.step(
            "Encrypt",
            &[
                format!(
                    "{PLAIN}, {} bytes, became {SEALED}: AES-256-GCM in {} chunks.",
                    count(report.len()),
                    report.len().div_ceil(CHUNK)
                ),
                "Its header carries the sealed data key; the other copy is erased from memory.".to_owned(),
            ],
        )?;
        Ok(key_material_id)
    }

    fn look(&mut self) -> Result<(), DemoError> {
        let (plain, sealed) = (read(&self.place.file(PLAIN))?, read(&self.place.file(SEALED))?);
        let found = look::occurrences(&sealed, PHRASE);
        must(found == 0, "the encrypted file holds its plaintext")?;
        let about = |name: &str, bytes: &[u8]| {
            let (found, entropy) = (look::occurrences(bytes, PHRASE), look::entropy(bytes));
            let found = count(found);
            format!("{name:<17}  \"{PHRASE}\" {found:>7} times  {entropy:.2} bits of information a byte")
        };
        let middle = plain.iter().skip(plain.len() / 2).position(|byte| *byte == b'\n');
        let middle = plain.len() / 2 + middle.map_or(0, |line| line + 1);
        let glimpse = |name: &str, bytes: &[u8]| format!("{name:<17}  {}", look::glimpse(bytes, middle));
        self.page.step(
            "Look",
            &[
                about(PLAIN, &plain),
                about(SEALED, &sealed),
                glimpse(PLAIN, &plain),
                glimpse(SEALED, &sealed),
            ],
        )
    }

    async fn decrypt(&mut self, caller: &mut Caller) -> Result<(), DemoError> {
        self.open_file(caller).await?;
        self.page.step(
            "Decrypt",
            &["Decrypt opened the data key of the header: the file is back, byte for byte."],
        )
    }

    async fn disable_and_enable(&mut self, caller: &mut Caller, key_id: &str) -> Result<(), DemoError> {
        caller.call("DisableKey", json!({ "KeyId": key_id })).await?;
        let sealed = read(&self.place.file(SEALED))?;
        let code = caller.refused("Decrypt", decrypt_input(&sealed)?).await?;
        must(
            code == "DisabledException",
            "a disabled key was refused for another reason",
        )?;
        self.page.step(
            "Disable",
            &[format!(
                "DisableKey, and Decrypt is refused with {code}. The file stays shut."
            )],
        )?;
        caller.call("EnableKey", json!({ "KeyId": key_id })).await?;
        self.open_file(caller).await?;
        self.page
            .step("Enable", &["EnableKey, and the file opens again."])
    }

    async fn rotate(&mut self, caller: &mut Caller, key_id: &str, before: &str) -> Result<(), DemoError> {
        caller
            .call("RotateKeyOnDemand", json!({ "KeyId": key_id }))
            .await?;
        let after = data_key(caller).await?.key_material_id;
        must(after != before, "a rotated key still uses its old material")?;
        let opened_by = self.open_file(caller).await?;
        must(opened_by == before, "the file was opened by other material")?;
        self.page.step(
            "Rotate",
            &[
                format!(
                    "RotateKeyOnDemand made new material, {}, which seals all new data keys.",
                    short(&after)
                ),
                format!("The file still opens, by the old material, {}", short(before)),
            ],
        )
    }

    /// A finance team: who may use the key, and who may not, decided anew at every call.
    async fn people(&mut self, caller: &mut Caller, key_id: &str) -> Result<(), DemoError> {
        let (ada_arn, mut ada) = self.user(caller, "ada").await?;
        let (ben_arn, mut ben) = self.user(caller, "ben").await?;
        name_users(caller, key_id, &[&ada_arn]).await?;
        data_key(&mut ada).await?;
        let sealed = read(&self.place.file(SEALED))?;
        let code = ben.refused("Decrypt", decrypt_input(&sealed)?).await?;
        must(
            code == "AccessDeniedException",
            "a user whom no policy names was not denied",
        )?;
        name_users(caller, key_id, &[&ada_arn, &ben_arn]).await?;
        self.open_file(&mut ben).await?;
        name_users(caller, key_id, &[&ada_arn]).await?;
        let again = ben.refused("Decrypt", decrypt_input(&sealed)?).await?;
        must(
            again == code,
            "a user who was taken out of the policy was not denied",
        )?;
        caller.request_ids.extend(ada.request_ids);
        caller.request_ids.extend(ben.request_ids);
        self.page.step(
            "People",
            &[
                "CreateUser made ada, of finance, and ben, of compliance, without rights of their own."
                    .to_owned(),
                "PutKeyPolicy makes ada a user of the key: she gets a data key.".to_owned(),
                format!("Ben is denied with {code}, opens the file once the policy names"),
                "him too, and is denied again as soon as it does not.".to_owned(),
            ],
        )
    }

    /// Makes a user with an access key; its ARN, and the user as a caller.
    async fn user(&self, caller: &mut Caller, name: &str) -> Result<(String, Caller), DemoError> {
        let made = caller.call_iam("CreateUser", &[("UserName", name)]).await?;
        let arn = made.element("Arn", "CreateUser")?.expose().to_owned();
        let operation = "CreateAccessKey";
        let key = caller.call_iam(operation, &[("UserName", name)]).await?;
        let credentials = Credentials {
            access_key_id: key.element("AccessKeyId", operation)?.expose().to_owned(),
            secret_access_key: key.element("SecretAccessKey", operation)?,
        };
        let client = Client::with(&self.place.data(), &credentials, self.clock.clone())?;
        Ok((arn, Caller::of(client)))
    }

    async fn audit(&mut self, caller: &Caller) -> Result<(), DemoError> {
        let log = self.place.data().join("audit");
        let rows = audited::rows(&log, &caller.request_ids, &*self.clock).await?;
        let lines = [
            format!(
                "All {} calls are in the log, each found by the request id of its answer:",
                caller.request_ids.len()
            ),
            audited::heading(),
        ];
        self.page.step("Audit", &lines)?;
        rows.iter().try_for_each(|row| self.page.more(row))
    }

    fn try_this_server(&mut self) -> Result<(), DemoError> {
        let keystead = program();
        let data = shell::quoted(&self.place.data().display().to_string());
        for line in [
            "To try it, in another terminal in this directory:",
            &format!("  eval \"$({keystead} env --data-dir {data})\""),
            &format!("  aws kms describe-key --key-id {ALIAS}"),
            &format!("  aws kms generate-data-key --key-id {ALIAS} --key-spec AES_256"),
            "  aws kms list-aliases",
            &format!("  {keystead} audit tail --data-dir {data} -n 3"),
            "The server stays until you press Ctrl-C.",
        ] {
            self.page.line(line)?;
        }
        Ok(())
    }

    fn try_a_server(&mut self) -> Result<(), DemoError> {
        let keystead = program();
        for line in [
            "To go on, start a server that stays, and use it in another terminal in the same directory:",
            &format!("  {keystead} server"),
            &format!("  eval \"$({keystead} env)\""),
            "  key=$(aws kms create-key --query KeyMetadata.KeyId --output text)",
            &format!("  aws kms create-alias --alias-name {ALIAS} --target-key-id \"$key\""),
            &format!("  aws kms generate-data-key --key-id {ALIAS} --key-spec AES_256"),
        ] {
            self.page.line(line)?;
        }
        Ok(())
    }

    /// Opens the stored file with the key service's help, and compares it with the original. The id of the key
    /// material that opened its data key.
    async fn open_file(&self, caller: &mut Caller) -> Result<String, DemoError> {
        let sealed = read(&self.place.file(SEALED))?;
        let answer = caller.call("Decrypt", decrypt_input(&sealed)?).await?;
        let decrypted: Decrypted = answer.read("Decrypt")?;
        let plaintext = envelope::open(decrypted.plaintext.0.expose(), &sealed)?;
        let same = plaintext == read(&self.place.file(PLAIN))?;
        must(same, "the decrypted file differs from the original")?;
        Ok(decrypted.key_material_id)
    }
}

/// Calls the server, and keeps the ids of the requests to look for in the audit log.
struct Caller {
    client: Client,
    request_ids: Vec<String>,
}

impl Caller {
    fn of(client: Client) -> Caller {
        Caller {
            client,
            request_ids: Vec::new(),
        }
    }

    async fn call_iam(&mut self, operation: &str, parameters: &[(&str, &str)]) -> Result<Answer, DemoError> {
        let answer = self.client.call_iam(operation, parameters).await?;
        self.request_ids.push(answer.request_id.clone());
        Ok(answer)
    }

    async fn call(&mut self, operation: &str, input: Value) -> Result<Answer, DemoError> {
        let answer = self.client.call(operation, &input).await?;
        self.request_ids.push(answer.request_id.clone());
        Ok(answer)
    }

    /// A call that must be refused; the code of the refusal.
    async fn refused(&mut self, operation: &str, input: Value) -> Result<String, DemoError> {
        match self.client.call(operation, &input).await {
            Err(ClientError::Refused(refusal)) => {
                self.request_ids.push(refusal.request_id);
                Ok(refusal.code)
            }
            Err(other) => Err(other.into()),
            Ok(_) => Err(DemoError::wrong(format!("{operation} was not refused"))),
        }
    }
}

/// Lets the account administer the key, and these users use it.
async fn name_users(caller: &mut Caller, key_id: &str, users: &[&str]) -> Result<(), DemoError> {
    let account = users
        .iter()
        .find_map(|arn| arn.split(':').nth(4))
        .unwrap_or_default();
    let statement = |sid: &str, principals: Value, actions: &[&str]| json!({ "Sid": sid, "Effect": "Allow", "Principal": { "AWS": principals }, "Action": actions, "Resource": "*" });
    let root = json!(format!("arn:aws:iam::{account}:root"));
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [statement("Administer", root, &["kms:*"]), statement("Use", json!(users), &USE)],
    });
    let input = json!({ "KeyId": key_id, "Policy": policy.to_string() });
    caller.call("PutKeyPolicy", input).await?;
    Ok(())
}

/// A data key is bound to what it is for: `Decrypt` needs the same context, and the audit log shows it.
fn context() -> Value {
    json!({ "File": PLAIN })
}

async fn data_key(caller: &mut Caller) -> Result<DataKey, DemoError> {
    let input = json!({ "KeyId": ALIAS, "KeySpec": "AES_256", "EncryptionContext": context() });
    let answer = caller.call("GenerateDataKey", input).await?;
    Ok(answer.read("GenerateDataKey")?)
}

fn decrypt_input(sealed: &[u8]) -> Result<Value, DemoError> {
    use base64::Engine;
    let blob = base64::engine::general_purpose::STANDARD.encode(envelope::sealed_key(sealed)?);
    Ok(json!({ "CiphertextBlob": blob, "EncryptionContext": context() }))
}

/// This program as the user called it.
fn program() -> String {
    let called = std::env::args().next();
    shell::quoted(&called.unwrap_or_else(|| "keystead".to_owned()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DemoError> {
    fs::write(path, bytes).map_err(DemoError::file("written", path))
}

fn read(path: &Path) -> Result<Vec<u8>, DemoError> {
    fs::read(path).map_err(DemoError::file("read", path))
}
