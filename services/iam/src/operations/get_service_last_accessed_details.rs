//! GetServiceLastAccessedDetails.

use ambient::Timestamp;
use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::last_access::{self, Granularity, Job, JobId, JobStatus, Report, ServiceNamespace};
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::EntityArn;

/// Tells when whoever a report is of last called each service that its policies give something of.
///
/// Source: IAM API Reference, `GetServiceLastAccessedDetails`.
pub struct GetServiceLastAccessedDetails;

/// The request.
#[derive(Debug, Shape)]
pub struct GetServiceLastAccessedDetailsInput {
    /// The report.
    #[shape(audit = log)]
    pub job_id: JobId,
    /// How many services are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetServiceLastAccessedDetailsOutput {
    /// How far the report is.
    #[shape(audit = omit)]
    pub job_status: JobStatus,
    /// How fine it is.
    #[shape(audit = omit)]
    pub job_type: Option<Granularity>,
    /// When it was asked for.
    #[shape(audit = omit)]
    pub job_creation_date: Timestamp,
    /// The services, by their names.
    #[shape(audit = omit)]
    pub services_last_accessed: Vec<ServiceLastAccessed>,
    /// When it was made.
    #[shape(audit = omit)]
    pub job_completion_date: Timestamp,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

/// When a service was last called.
#[derive(Debug, Shape)]
pub struct ServiceLastAccessed {
    /// What it is called.
    #[shape(audit = omit)]
    pub service_name: String,
    /// When; absent if it never was.
    #[shape(audit = omit)]
    pub last_authenticated: Option<Timestamp>,
    /// Its name in actions.
    #[shape(audit = omit)]
    pub service_namespace: ServiceNamespace,
    /// By whom.
    #[shape(audit = omit)]
    pub last_authenticated_entity: Option<EntityArn>,
    /// In which Region.
    #[shape(audit = omit)]
    pub last_authenticated_region: Option<String>,
    /// How many of those that the report is of ever called it.
    #[shape(audit = omit)]
    pub total_authenticated_entities: Option<i32>,
}

impl Operation for GetServiceLastAccessedDetails {
    const SPEC: OperationSpec = OperationSpec::reads("GetServiceLastAccessedDetails");
    type Input = GetServiceLastAccessedDetailsInput;
    type Output = GetServiceLastAccessedDetailsOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &GetServiceLastAccessedDetailsInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetServiceLastAccessedDetailsInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        let action = "iam:GetServiceLastAccessedDetails";
        Demands::of(demand_on(action, Arn::root_of(account), account))
    }

    async fn act(
        input: &GetServiceLastAccessedDetailsInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let job = Job::read(&input.job_id, world.now())?;
        let report = Report::of(&job.of, view)?;
        let bound_to = [input.job_id.0.as_bytes()];
        let marker = input.marker.as_ref();
        let paging = Paging::of(view, Self::SPEC.name, &bound_to, input.max_items, marker)?;
        let due = last_access::services(world).into_iter().filter(|(name, _)| {
            report.gives(name) && paging.after().is_none_or(|after| name.as_bytes() > after)
        });
        let due: Vec<_> = due.take(paging.enough()).collect();
        let page = paging.cut(due, |(name, _)| name.as_bytes().to_vec())?;
        let told = page.entries.into_iter().map(|(name, full_name)| {
            let calls = report.calls(name, world);
            let last = calls.iter().max_by_key(|(_, call)| call.time);
            ServiceLastAccessed {
                service_name: full_name.to_owned(),
                last_authenticated: last.map(|(_, call)| call.time),
                service_namespace: ServiceNamespace(name.to_owned()),
                last_authenticated_entity: last.map(|(entity, _)| EntityArn(entity.arn.to_string())),
                last_authenticated_region: last.map(|(_, call)| call.region.to_string()),
                total_authenticated_entities: i32::try_from(calls.len()).ok(),
            }
        });
        Ok(GetServiceLastAccessedDetailsOutput {
            job_status: JobStatus::Completed,
            job_type: Some(job.granularity),
            job_creation_date: job.asked,
            services_last_accessed: told.collect(),
            job_completion_date: job.asked,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
