//! Keys that were made elsewhere: private keys to be imported, and the other side's public keys.
#![no_main]

use std::sync::{Arc, LazyLock};

use ambient::SystemEntropy;
use ambient::pool::Pool;
use crypto::InProcess;
use crypto::backing::{Backing, HeldKey};
use crypto::specs::{KEY_SPECS, Use};
use libfuzzer_sys::fuzz_target;
use secret::SecretBytes;
use tokio::runtime::Runtime;

struct Ground {
    runtime: Runtime,
    backing: InProcess,
    /// A key for each way to agree on a secret.
    agreeing: Vec<HeldKey>,
}

static GROUND: LazyLock<Ground> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let pool = Pool::start("fuzz", 1, 64).expect("a pool");
    let backing = InProcess::new(Arc::new(SystemEntropy), Arc::new(pool));
    let agrees = |one: &Use| matches!(one, Use::Agreement(_));
    let agreeing = KEY_SPECS
        .iter()
        .filter(|spec| spec.uses.iter().any(agrees))
        .map(|spec| runtime.block_on(backing.generate(spec)).expect("a key"))
        .collect();
    Ground { runtime, backing, agreeing }
});

fuzz_target!(|bytes: &[u8]| {
    let Ground { runtime, backing, agreeing } = &*GROUND;
    for spec in KEY_SPECS {
        let key = Arc::new(SecretBytes::copied_from(bytes));
        if let Ok(key) = runtime.block_on(backing.import(spec, key)) {
            let _ = runtime.block_on(backing.public_key(&key));
        }
    }
    for key in agreeing {
        for one in key.spec.uses {
            let Use::Agreement([algorithm, ..]) = one else { continue };
            let _ = runtime.block_on(backing.agree(key, algorithm, bytes));
        }
    }
});
