//! The audit log: frames, order, durability, CloudTrail's rendering.
