//! One method of a client trait.

use std::fmt;

/// One endpoint of a generated client, known at compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    service: &'static str,
    trait_name: &'static str,
    name: &'static str,
    method: &'static str,
    path: &'static str,
}

impl Endpoint {
    /// What the attribute knows of a method. The attribute has checked the path template.
    pub(crate) const fn new(
        service: &'static str,
        trait_name: &'static str,
        name: &'static str,
        method: &'static str,
        path: &'static str,
    ) -> Self {
        Self {
            service,
            trait_name,
            name,
            method,
            path,
        }
    }

    /// The service that is called, as `#[m2m_client(service = "…")]` names it.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// The name of the trait.
    #[must_use]
    pub const fn trait_name(&self) -> &'static str {
        self.trait_name
    }

    /// The name of the trait's method.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The path template, such as `/charges/{id}`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }
}

/// `GET /charges/{id} of billing`
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.method, self.path, self.service)
    }
}
