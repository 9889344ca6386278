//! GetServiceLastAccessedDetailsWithEntities.

use ambient::Timestamp;
use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::last_access::{self, Job, JobId, JobStatus, OwnerType, Report, ServiceNamespace};
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::{EntityArn, NewUserName, PathText};

/// Tells when each of those whom a report is of last called a service.
///
/// Source: IAM API Reference, `GetServiceLastAccessedDetailsWithEntities`.
pub struct GetServiceLastAccessedDetailsWithEntities;

/// The request.
#[derive(Debug, Shape)]
pub struct GetServiceLastAccessedDetailsWithEntitiesInput {
    /// The report.
    #[shape(audit = log)]
    pub job_id: JobId,
    /// The service, by its name in actions.
    #[shape(audit = log)]
    pub service_namespace: ServiceNamespace,
    /// How many entities are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetServiceLastAccessedDetailsWithEntitiesOutput {
    /// How far the report is.
    #[shape(audit = omit)]
    pub job_status: JobStatus,
    /// When it was asked for.
    #[shape(audit = omit)]
    pub job_creation_date: Timestamp,
    /// When it was made.
    #[shape(audit = omit)]
    pub job_completion_date: Timestamp,
    /// The users and roles, by their ARNs.
    #[shape(audit = omit)]
    pub entity_details_list: Vec<EntityDetails>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

/// When somebody last called.
#[derive(Debug, Shape)]
pub struct EntityDetails {
    /// Who it is.
    #[shape(audit = omit)]
    pub entity_info: EntityInfo,
    /// When; absent if never.
    #[shape(audit = omit)]
    pub last_authenticated: Option<Timestamp>,
}

/// A user or a role.
#[derive(Debug, Shape)]
pub struct EntityInfo {
    /// Its ARN.
    #[shape(audit = omit)]
    pub arn: EntityArn,
    /// Its name.
    #[shape(audit = omit)]
    pub name: NewUserName,
    /// What it is.
    #[shape(audit = omit, rename = "Type")]
    pub kind: OwnerType,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub id: String,
    /// Its path.
    #[shape(audit = omit)]
    pub path: Option<PathText>,
}

impl Operation for GetServiceLastAccessedDetailsWithEntities {
    const SPEC: OperationSpec = OperationSpec::reads("GetServiceLastAccessedDetailsWithEntities");
    type Input = GetServiceLastAccessedDetailsWithEntitiesInput;
    type Output = GetServiceLastAccessedDetailsWithEntitiesOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(
        _: &GetServiceLastAccessedDetailsWithEntitiesInput,
        _: &View,
    ) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetServiceLastAccessedDetailsWithEntitiesInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        let action = "iam:GetServiceLastAccessedDetailsWithEntities";
        Demands::of(demand_on(action, Arn::root_of(account), account))
    }

    async fn act(
        input: &GetServiceLastAccessedDetailsWithEntitiesInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let ServiceNamespace(service) = &input.service_namespace;
        if !last_access::services(world)
            .iter()
            .any(|(name, _)| name == service)
        {
            return Err(IamError::InvalidInput(format!(
                "Invalid ServiceNamespace: {service}"
            )));
        }
        let job = Job::read(&input.job_id, world.now())?;
        let report = Report::of(&job.of, view)?;
        let bound_to = [input.job_id.0.as_bytes(), service.as_bytes()];
        let marker = input.marker.as_ref();
        let paging = Paging::of(view, Self::SPEC.name, &bound_to, input.max_items, marker)?;
        let is_due = |arn: &Arn| paging.after().is_none_or(|after| arn.as_str().as_bytes() > after);
        let due = report.entities.iter().filter(|entity| is_due(&entity.arn));
        let due: Vec<_> = due.take(paging.enough()).collect();
        let page = paging.cut(due, |entity| entity.arn.as_str().as_bytes().to_vec())?;
        let told = page.entries.into_iter().map(|entity| EntityDetails {
            entity_info: EntityInfo {
                arn: EntityArn(entity.arn.to_string()),
                name: NewUserName(entity.name.clone()),
                kind: entity.kind,
                id: entity.id.to_string(),
                path: Some(PathText(entity.path.clone())),
            },
            last_authenticated: world
                .last_call_of(entity.id.as_str(), service)
                .map(|call| call.time),
        });
        Ok(GetServiceLastAccessedDetailsWithEntitiesOutput {
            job_status: JobStatus::Completed,
            job_creation_date: job.asked,
            job_completion_date: job.asked,
            entity_details_list: told.collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
