//! Bounds of the walk.

use std::time::Duration;

/// Attempts at a change on fresh snapshots before it takes the writer's turn.
pub const OPTIMISTIC_ATTEMPTS: u32 = 3;
/// How long a caller waits for an answer once it is authenticated. Past it the caller gets an error of our side; the
/// call goes on to its record, which tells what came of it.
pub const WALK_DEADLINE: Duration = Duration::from_secs(30);
/// Calls under way at a time, those included whose callers gave up; beyond it requests are refused unread.
pub const WALKS: usize = 10_000;
/// Calls without signatures whose tokens are being verified at a time; beyond it they are refused unread.
pub const UNSIGNED_CALLS: usize = 64;
/// Pieces of heavy cryptographic work, such as RSA signatures, that wait for a thread; beyond it they are refused.
pub const HEAVY_WORK_WAITING: usize = 1024;
/// Threads that work passwords, each with the memory that it takes.
pub const PASSWORD_THREADS: usize = 2;
/// Passwords that wait for one of them; beyond it they are refused.
pub const PASSWORDS_WAITING: usize = 64;
/// Bytes of a user agent that are recorded. Source: CloudTrail User Guide, `userAgent`.
pub const USER_AGENT_BYTES: usize = 1024;
/// Signing keys kept: one for each access key, day, Region and service in use.
pub const SIGNING_KEYS: usize = 10_000;
/// Chores of one kind done in one round.
pub const CHORES_A_ROUND: usize = 100;
/// Items of due work that can't be done and are passed over for a round; with more of them the rest waits as well.
pub const PASSED_OVER: usize = 1000;
/// The longest sleep of the worker; a wall clock that was set is noticed within it.
pub const WORKER_ROUND: Duration = Duration::from_secs(60);
/// How often the uptime of a waiting destruction is written down, and so how much of it a restart can cost.
pub const GRACE_STEP: Duration = Duration::from_secs(600);
/// A gap without us, or a jump of the wall clock against the monotonic one, beyond which a grace starts again.
pub const GRACE_GAP: Duration = Duration::from_secs(3600);
/// Last calls kept: one for each access key that lasts, and for each principal and service.
pub const KNOWN_CALLERS: usize = 200_000;
