//! GenerateDataKey while other connections keep the server busy with work that takes the processor for long.

use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::arguments::Pace;
use crate::keystead::Keystead;
use crate::load;
use crate::report::Compared;
use crate::stop::Stop;
use crate::work::numbered;

/// Connections that ask for data keys: those of the headline.
const CONNECTIONS: usize = 64;

/// Connections that ask for signatures: several for each thread of the pool, and fewer than it lets wait.
const CROWD: usize = 8;

/// How much longer the crowd goes on, so that it outlasts what is measured.
const LONGER: Duration = Duration::from_secs(2);

/// The rate beside the crowd and without it, in turns, on one server.
pub(crate) fn measure(pace: &Pace) -> Result<Compared, Stop> {
    let directory = tempfile::tempdir()?;
    let keystead = Keystead::start(directory.path())?;
    let key = keystead.create_key()?;
    let signer = keystead.create(&json!({"KeySpec": "RSA_4096", "KeyUsage": "SIGN_VERIFY"}))?;
    let data_keys = numbered(|_| json!({"KeyId": key, "KeySpec": "AES_256"}));
    let signatures = numbered(|number| {
        json!({
            "KeyId": signer,
            "Message": STANDARD.encode(number.to_be_bytes()),
            "SigningAlgorithm": "RSASSA_PSS_SHA_256",
        })
    });
    let mut compared = Compared {
        name: "GenerateDataKey/beside RSA_4096".to_owned(),
        connections: CONNECTIONS,
        real: Vec::with_capacity(pace.side_rounds),
        bare: Vec::with_capacity(pace.side_rounds),
    };
    let target = keystead.target();
    let outlasting = Pace {
        counted: pace.counted + LONGER,
        ..*pace
    };
    for _ in 0..pace.side_rounds {
        // Made anew for each round: a signature lasts for five minutes.
        let requests = keystead.signed("GenerateDataKey", &data_keys)?;
        let others = keystead.signed("Sign", &signatures)?;
        let (beside, crowd) = thread::scope(|scope| {
            let crowd = scope.spawn(|| load::round(target, &others, CROWD, &outlasting));
            let beside = load::round(target, &requests, CONNECTIONS, pace)?;
            if crowd.is_finished() {
                return Err("the crowd ended before what was measured beside it".into());
            }
            let crowd = crowd.join().map_err(|_| "a thread of the crowd broke")??;
            Ok::<_, Stop>((beside, crowd))
        })?;
        let alone = load::round(target, &requests, CONNECTIONS, pace)?;
        eprintln!(
            "{:<18} {beside} | alone {alone} | the crowd {crowd}",
            compared.name
        );
        compared.real.push(beside);
        compared.bare.push(alone);
    }
    keystead.end()?;
    Ok(compared)
}
