//! Which operation a request is for, before anything is believed of it.

use protocol::{Failure, aws_json};

use crate::AnyOperation;
use crate::http::Request;
use crate::service::Service;

/// The service and operation that a request names.
pub(crate) fn route(
    services: &'static [&'static Service],
    request: &Request,
) -> Result<(&'static Service, &'static dyn AnyOperation), Failure> {
    let target = aws_json::route(&request.method, &request.path, &request.headers)?;
    let service = services
        .iter()
        .find(|service| service.target_prefix == target.service);
    let service = service.ok_or_else(Failure::unknown_target)?;
    let operation = service
        .operation(target.operation)
        .ok_or_else(Failure::unknown_operation)?;
    Ok((service, operation))
}
