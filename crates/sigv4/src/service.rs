//! What differs between services: tolerance for clocks, and details of the canonical form.

use std::time::Duration;

/// How a path enters the canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathForm {
    /// Whether dot segments and empty segments are taken out.
    pub normalized: bool,
    /// Whether the path as sent, which is percent-encoded already, is encoded once more.
    pub encoded_twice: bool,
}

/// What stands for the body in the canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// The SHA-256 of the body, whatever the request says.
    Hashed,
    /// What the header `x-amz-content-sha256` says, which must be true: the SHA-256 of the body, or
    /// `UNSIGNED-PAYLOAD`. A presigned request without the header is unsigned.
    Declared,
}

/// One service, as credential scopes name it, and its rules for signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The name in credential scopes: `kms`.
    pub name: &'static str,
    /// How far the clocks of caller and service may differ, either way; whole minutes.
    pub skew: Duration,
    /// How a path enters the canonical form.
    pub path: PathForm,
    /// What stands for the body in the canonical form.
    pub payload: PayloadForm,
}

/// Services whose rules are not the usual ones.
const EXCEPTIONS: &[Service] = &[
    Service::usual("autoscaling").tolerating_minutes(15),
    Service::usual("cloudformation").tolerating_minutes(15),
    Service::usual("ec2").tolerating_minutes(15),
    Service::usual("elasticloadbalancing").tolerating_minutes(15),
    Service::IAM,
    Service::usual("sns").tolerating_minutes(15),
    Service::usual("sqs").tolerating_minutes(15),
    Service::STS,
    Service {
        path: PathForm {
            normalized: false,
            encoded_twice: false,
        },
        payload: PayloadForm::Declared,
        ..Service::usual("s3").tolerating_minutes(15)
    },
];

impl Service {
    /// The rules of IAM.
    pub const IAM: Service = Service::usual("iam").tolerating_minutes(15);
    /// The rules of STS.
    pub const STS: Service = Service::usual("sts").tolerating_minutes(15);

    /// The rules of the service called `name`.
    pub fn named(name: &'static str) -> Service {
        EXCEPTIONS
            .iter()
            .find(|service| service.name == name)
            .copied()
            .unwrap_or(Service::usual(name))
    }

    /// The rules of most services: 5 minutes, a path normalized and encoded twice, a hashed body.
    pub const fn usual(name: &'static str) -> Service {
        Service {
            name,
            skew: Duration::from_secs(5 * 60),
            path: PathForm {
                normalized: true,
                encoded_twice: true,
            },
            payload: PayloadForm::Hashed,
        }
    }

    const fn tolerating_minutes(self, minutes: u64) -> Service {
        Service {
            skew: Duration::from_secs(minutes * 60),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kms_tolerates_five_minutes_and_the_older_services_fifteen() {
        let minutes = |name| Service::named(name).skew.as_secs() / 60;
        assert_eq!((minutes("kms"), minutes("ssm"), minutes("events")), (5, 5, 5));
        assert_eq!((minutes("sts"), minutes("iam"), minutes("s3")), (15, 15, 15));
    }

    #[test]
    fn only_s3_takes_paths_and_bodies_its_own_way() {
        assert_eq!(Service::named("kms"), Service::usual("kms"));
        assert_eq!(Service::named("iam").path, Service::usual("iam").path);
        let s3 = Service::named("s3");
        assert!(!s3.path.normalized && !s3.path.encoded_twice);
        assert_eq!(s3.payload, PayloadForm::Declared);
    }
}
