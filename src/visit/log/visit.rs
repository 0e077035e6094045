//! One line of the visit log.

use std::{fmt, net::IpAddr, time::Duration};

use http::{Method, StatusCode};
use serde::{Serialize, Serializer, ser::SerializeMap};
use time::Date;

use crate::policy::{TimeDetail, day_of};

/// One visit, as it may be written: there is nothing else in it than what the policy's [`VisitRules`](crate::VisitRules)
/// declare for who may be tracked, or for who may not.
///
/// Every text is printable ASCII, with other bytes as `%XX`, and of bounded length.
///
/// As JSON, where what is not declared or not known is left out:
///
/// ```json
/// {"time":"2026-11-22T10:40:09Z","method":"GET","host":"example.com","path":"/","status":200,"duration_ms":3,
///  "bytes":1200,"address":"192.0.2.7","user_agent":"Mozilla/5.0","referrer":"https://example.org/a","is_tracked":true,
///  "is_complete":true}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub(super) time: VisitTime,
    pub(super) method: &'static str,
    pub(super) host: Option<String>,
    pub(super) path: Option<String>,
    pub(super) status: Option<StatusCode>,
    pub(super) duration: Duration,
    pub(super) bytes: u64,
    pub(super) address: Option<IpAddr>,
    pub(super) user_agent: Option<String>,
    pub(super) referrer: Option<String>,
    pub(super) is_tracked: bool,
    pub(super) is_complete: bool,
}

impl Visit {
    /// When the request came (Unix seconds), cut to the [detail](Self::time_detail) that is declared.
    #[must_use]
    pub const fn unix_seconds(&self) -> i64 {
        self.time.seconds
    }

    /// How exact the time is.
    #[must_use]
    pub const fn time_detail(&self) -> TimeDetail {
        self.time.detail
    }

    /// The UTC day on which the request came.
    #[must_use]
    pub fn day(&self) -> Date {
        day_of(self.time.seconds)
    }

    /// The method; `OTHER` for one that RFC 9110 and RFC 5789 do not know.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The host that was asked, in lower case and without port. At most 255 bytes.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The path; with its query, and what stands behind a `;`, only where that is declared. At most 2,048 bytes.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The status of the answer; none where there was no answer.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// From the request to the end of the answer's body, in whole milliseconds.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// Bytes of the answer's body that were handed on.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The client's address, or its network.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The user agent, or its families as `firefox on linux`. At most 512 bytes.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The page that led here, or its origin. At most 2,048 bytes.
    #[must_use]
    pub fn referrer(&self) -> Option<&str> {
        self.referrer.as_deref()
    }

    /// Whether the visit could be tracked, both when it began and when it ended.
    #[must_use]
    pub const fn is_tracked(&self) -> bool {
        self.is_tracked
    }

    /// Whether the whole answer was handed on.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The duration as a number.
    pub(super) fn milliseconds(&self) -> u64 {
        u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Serialize for Visit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("method", self.method)?;
        if let Some(host) = &self.host {
            map.serialize_entry("host", host)?;
        }
        if let Some(path) = &self.path {
            map.serialize_entry("path", path)?;
        }
        if let Some(status) = self.status {
            map.serialize_entry("status", &status.as_u16())?;
        }
        map.serialize_entry("duration_ms", &self.milliseconds())?;
        map.serialize_entry("bytes", &self.bytes)?;
        if let Some(address) = self.address {
            map.serialize_entry("address", &address)?;
        }
        if let Some(agent) = &self.user_agent {
            map.serialize_entry("user_agent", agent)?;
        }
        if let Some(referrer) = &self.referrer {
            map.serialize_entry("referrer", referrer)?;
        }
        map.serialize_entry("is_tracked", &self.is_tracked)?;
        map.serialize_entry("is_complete", &self.is_complete)?;
        map.end()
    }
}

/// A moment with nothing finer than its detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VisitTime {
    seconds: i64,
    detail: TimeDetail,
}

impl VisitTime {
    pub(super) fn cut(seconds: i64, detail: TimeDetail) -> Self {
        Self { seconds: seconds.saturating_sub(seconds.rem_euclid(seconds_of(detail))), detail }
    }

    /// How many seconds have this same time.
    pub(super) const fn span(self) -> i64 {
        seconds_of(self.detail)
    }
}

const fn seconds_of(detail: TimeDetail) -> i64 {
    match detail {
        TimeDetail::Day => 86_400,
        TimeDetail::Hour => 3_600,
        TimeDetail::Minute => 60,
        TimeDetail::Second => 1,
    }
}

impl fmt::Display for VisitTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (day_of(self.seconds), self.seconds.rem_euclid(86_400));
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())?;
        match self.detail {
            TimeDetail::Day => Ok(()),
            TimeDetail::Hour => write!(f, "T{hour:02}Z"),
            TimeDetail::Minute => write!(f, "T{hour:02}:{minute:02}Z"),
            TimeDetail::Second => write!(f, "T{hour:02}:{minute:02}:{second:02}Z"),
        }
    }
}

impl Serialize for VisitTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The name of a method; a made-up one could carry anything.
pub(super) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::VisitTime;
    use crate::policy::TimeDetail::{Day, Hour, Minute, Second};

    #[test]
    fn a_time_shows_no_more_than_its_detail() {
        let moment = 1_795_344_009;
        for (detail, text, seconds) in [
            (Second, "2026-11-22T10:40:09Z", 1_795_344_009),
            (Minute, "2026-11-22T10:40Z", 1_795_344_000),
            (Hour, "2026-11-22T10Z", 1_795_341_600),
            (Day, "2026-11-22", 1_795_305_600),
        ] {
            let time = VisitTime::cut(moment, detail);
            assert_eq!((time.to_string().as_str(), time.seconds), (text, seconds));
        }
        assert_eq!(VisitTime::cut(-1, Minute).to_string(), "1969-12-31T23:59Z");
    }
}
