//! What an inventory sees of the header fields of a message.

use http::{HeaderMap, header};

use crate::{
    cookies::{
        pairs::pairs,
        set_cookie::{Attributes, name, value_and_rest},
    },
    policy::Policy,
    report::{Inventory, SetLine},
};

/// What [`ConsentLayer::with_inventory`](crate::ConsentLayer::with_inventory) does by itself, for messages that come from
/// elsewhere: a recording, a log, a proxy.
impl Inventory {
    /// Notes the cookies that a request shows: all pairs of its `Cookie` lines. What a policy would do to them does not
    /// matter; its retention does.
    pub fn see_request(&self, headers: &HeaderMap, policy: &Policy) {
        let mut sheet = self.sheet(policy.retention().inventory());
        let lines = headers.get_all(header::COOKIE).iter();
        lines.flat_map(|line| pairs(line.as_bytes())).for_each(|pair| sheet.shown(pair.name));
    }

    /// Notes the cookies that an answer sets or deletes, with their attributes, line by line.
    pub fn see_response(&self, headers: &HeaderMap, policy: &Policy) {
        let mut sheet = self.sheet(policy.retention().inventory());
        let now = sheet.now();
        for line in headers.get_all(header::SET_COOKIE) {
            let attributes = Attributes::parse(value_and_rest(line.as_bytes()).1);
            let set = SetLine {
                is_deletion: attributes.is_deletion(now),
                lifetime: attributes.lifetime(now),
                secure: attributes.secure,
                http_only: attributes.http_only,
                partitioned: attributes.partitioned,
                same_site: attributes.same_site,
                domain: attributes.domain,
                path: attributes.path,
            };
            sheet.set(name(line.as_bytes()), &set);
        }
    }
}
