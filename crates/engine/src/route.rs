//! Which operation a request is for, before anything is believed of it.

use protocol::{Failure, Wire, aws_json, aws_query};

use crate::AnyOperation;
use crate::http::Request;
use crate::service::Service;

/// What a request names, and how it is answered.
pub(crate) type Route = (&'static Service, &'static dyn AnyOperation);

/// The service and operation that a request names. A refusal comes with the protocol that it is told in.
pub(crate) fn route(
    services: &'static [&'static Service],
    request: &Request,
) -> Result<Route, (Wire, Failure)> {
    if aws_query::is_query(&request.method, &request.path, &request.query, &request.headers) {
        by_form(services, request)
    } else {
        by_target(services, request).map_err(|failure| (JSON, failure))
    }
}

/// What refusals are told in that are of no service's protocol.
pub(crate) const JSON: Wire = Wire::AwsJson { target: "" };
/// The same, of requests that are forms.
const FORM: Wire = Wire::AwsQuery {
    version: "",
    namespace: "http://webservices.amazon.com/AWSFault/2005-15-09",
};

fn by_target(services: &'static [&'static Service], request: &Request) -> Result<Route, Failure> {
    let named = aws_json::route(&request.method, &request.path, &request.headers)?;
    let service = services
        .iter()
        .find(|service| matches!(service.wire, Wire::AwsJson { target } if target == named.service));
    let service = service.ok_or_else(Failure::unknown_target)?;
    let operation = service
        .operation(named.operation)
        .ok_or_else(Failure::unknown_operation)?;
    Ok((service, operation))
}

fn by_form(services: &'static [&'static Service], request: &Request) -> Result<Route, (Wire, Failure)> {
    let parameters = parameters(request);
    let named = aws_query::Target::of(parameters, &request.headers).map_err(|failure| (FORM, failure))?;
    let unknown = || Failure::unknown_action(&named.operation, &named.version);
    let service = services
        .iter()
        .find(|service| matches!(service.wire, Wire::AwsQuery { version, .. } if version == named.version));
    let service = service.ok_or_else(|| (FORM, unknown()))?;
    let operation = service
        .operation(&named.operation)
        .ok_or_else(|| (service.wire, unknown()))?;
    Ok((service, operation))
}

/// What holds a request's input where it is a form.
pub(crate) fn parameters(request: &Request) -> &[u8] {
    aws_query::parameters(&request.method, &request.query, request.body.expose())
}
