//! A permit to hand data to a named third party.

use std::{fmt, marker::PhantomData};

use super::Decision;

/// A third party that gets data only by consent: a service of the policy, as a type.
///
/// See [`Decision::permit`].
pub trait Vendor {
    /// The name of its service in the policy.
    const SERVICE: &'static str;
}

/// That the visitor lets this vendor have data. Only [`Decision::permit`] gives one: a function that takes it cannot be
/// called for anybody else.
///
/// It is neither `Clone` nor `Copy` and does not outlive its decision, so that a permit cannot be kept for later.
#[must_use = "a permit does nothing by itself: give it to what hands data out"]
pub struct Permit<'d, V> {
    decision: &'d Decision,
    vendor: PhantomData<fn() -> V>,
}

impl Decision {
    /// A permit for this vendor, if its service is allowed. A service that the policy does not have is not.
    ///
    /// ```
    /// use tower_consent::{Decision, Permit, Vendor};
    ///
    /// struct Tidio;
    ///
    /// impl Vendor for Tidio {
    ///     const SERVICE: &'static str = "tidio";
    /// }
    ///
    /// /// Cannot be called without the visitor's consent.
    /// fn open_chat(_: Permit<'_, Tidio>, mail: &str) -> String {
    ///     format!("told Tidio of {mail}")
    /// }
    ///
    /// fn handler(consent: &Decision) -> String {
    ///     match consent.permit::<Tidio>() {
    ///         Some(permit) => open_chat(permit, "ada@example.com"),
    ///         None => "write to us instead".into(),
    ///     }
    /// }
    /// assert_eq!(handler(&Decision::no_layer()), "write to us instead");
    /// ```
    ///
    /// A permit cannot be used twice:
    ///
    /// ```compile_fail
    /// # use tower_consent::{Decision, Permit, Vendor};
    /// # struct Tidio;
    /// # impl Vendor for Tidio { const SERVICE: &'static str = "tidio"; }
    /// # fn open_chat(_: Permit<'_, Tidio>) {}
    /// # fn handler(consent: &Decision) {
    /// if let Some(permit) = consent.permit::<Tidio>() {
    ///     open_chat(permit);
    ///     open_chat(permit);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn permit<V: Vendor>(&self) -> Option<Permit<'_, V>> {
        self.allows_service(V::SERVICE).then_some(Permit { decision: self, vendor: PhantomData })
    }
}

impl<'d, V: Vendor> Permit<'d, V> {
    /// The service's name.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        V::SERVICE
    }

    /// The decision that gave it.
    #[must_use]
    pub const fn decision(&self) -> &'d Decision {
        self.decision
    }
}

impl<V: Vendor> fmt::Debug for Permit<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&V::SERVICE).finish()
    }
}
