//! GenerateServiceLastAccessedDetails.

use engine::{Demands, Described, Miss, Operation, Outcome, Permit, Resource, Targets, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::last_access::{Granularity, Job, JobId, Reported};
use crate::wire::EntityArn;

/// Asks for a report on when a user, a role, the users of a group, or whoever has a policy last called which service.
///
/// Source: IAM API Reference, `GenerateServiceLastAccessedDetails`.
pub struct GenerateServiceLastAccessedDetails;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateServiceLastAccessedDetailsInput {
    /// Of whom.
    #[shape(audit = log)]
    pub arn: EntityArn,
    /// How fine it is to be; by services unless given.
    #[shape(audit = log)]
    pub granularity: Option<Granularity>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GenerateServiceLastAccessedDetailsOutput {
    /// What the report is read by.
    #[shape(audit = log)]
    pub job_id: Option<JobId>,
}

impl Targets for Reported {
    fn resources(&self) -> Vec<Resource> {
        match self {
            Reported::Entity(entity) => entity.resources(),
            Reported::Policy(policy) => policy.resources(),
        }
    }

    fn described(&self, of: &arn::Arn) -> Option<&dyn Described> {
        match self {
            Reported::Entity(entity) => entity.described(of),
            Reported::Policy(policy) => policy.described(of),
        }
    }
}

impl Operation for GenerateServiceLastAccessedDetails {
    const SPEC: OperationSpec = OperationSpec::reads("GenerateServiceLastAccessedDetails");
    type Input = GenerateServiceLastAccessedDetailsInput;
    type Output = GenerateServiceLastAccessedDetailsOutput;
    type Targets = Reported;
    type Error = IamError;

    fn locate(
        input: &GenerateServiceLastAccessedDetailsInput,
        view: &View,
    ) -> Result<Reported, Miss<IamError>> {
        Ok(Reported::of(&input.arn.0, view)?)
    }

    fn demands(_: &GenerateServiceLastAccessedDetailsInput, reported: &Reported, _: &View) -> Demands {
        let action = "iam:GenerateServiceLastAccessedDetails";
        Demands::of(match reported {
            Reported::Entity(entity) => entity.demand(action),
            Reported::Policy(policy) => policy.demand(action),
        })
    }

    async fn act(
        input: &GenerateServiceLastAccessedDetailsInput,
        permit: &Permit<Reported>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let job = Job {
            of: permit.targets().id()?,
            asked: world.now(),
            granularity: input.granularity.unwrap_or(Granularity::ServiceLevel),
        };
        let id = job
            .id()
            .ok_or_else(|| IamError::damaged("unique ids of entities"))?;
        Ok(GenerateServiceLastAccessedDetailsOutput { job_id: Some(id) })
    }
}
