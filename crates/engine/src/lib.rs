//! Operation, the registry, the way of a request.
