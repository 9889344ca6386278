//! `keystead demo`

mod audited;
mod envelope;
mod error;
pub(crate) mod host;
mod look;
mod page;
mod place;
mod sample;
mod story;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ambient::{SystemClock, SystemEntropy};
use clap::Args;

use super::Failed;
use crate::interrupt;
use error::DemoError;
use host::Host;
use page::Page;
use place::Place;
use story::Story;

/// The last line of every demo that went well.
const LAST_LINE: &str = "Demo complete. Its server is stopped and its files are removed.";

/// What threads of the runtime may take to end once the server has stopped.
const LAST_WORK: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Ends after the last step; otherwise its server stays until Ctrl-C, to be tried out
    #[arg(long)]
    exit: bool,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        secret::forbid_core_dumps();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(DemoError::Runtime)?;
        let ended = runtime.block_on(demo(self.exit));
        runtime.shutdown_timeout(LAST_WORK);
        match ended {
            // Whoever was reading has seen enough.
            Err(DemoError::Output(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            ended => Ok(ended?),
        }
    }
}

/// The whole demo. However it ends, its server is stopped and its place is removed.
async fn demo(exit: bool) -> Result<(), DemoError> {
    let mut interrupted = interrupt::watch().map_err(DemoError::Runtime)?;
    let place = Place::make(&SystemEntropy)?;
    let mut page = Page::new(io::stdout());
    let mut host = Host::start(&place.data())?;
    let mut story = Story {
        page: &mut page,
        place: &place,
        clock: Arc::new(SystemClock::start()),
    };
    let told = tokio::select! {
        told = story.tell(&mut host, exit) => told,
        _ = interrupted.recv() => Err(DemoError::Interrupted),
    };
    if told.is_ok() && !exit {
        tokio::select! {
            _ = interrupted.recv() => {}
            () = host.ended() => {}
        }
    }
    let stopped = host.stop().await;
    let removed = place.remove();
    told.and(stopped).and(removed)?;
    page.blank()?;
    page.line(LAST_LINE)
}
