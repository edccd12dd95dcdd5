//! Audit events.

use jiff::Timestamp;
use sync_core::audit::AuditEvent;
use sync_core::ids::DirectoryId;

use super::Tables;
use crate::item::audit::AuditItem;
use crate::item::millis;
use crate::{AuditQuery, Result, audit_horizon};

impl Tables {
    pub(super) fn tell(&mut self, directory: &DirectoryId, audit: &[AuditEvent]) {
        let events = self.audit.entry(directory.clone()).or_default();
        for event in audit {
            events.insert((millis(event.at), event.id.clone()), AuditItem::from(event));
        }
    }

    pub(super) fn events(
        &self,
        directory: &DirectoryId,
        query: &AuditQuery,
        now: Timestamp,
    ) -> Result<Vec<AuditEvent>> {
        let since = millis(audit_horizon(query, now));
        let until = query.until.map_or(i64::MAX, millis);
        let subject = query.subject.as_ref().map(ToString::to_string);
        let events = self.audit.get(directory).into_iter().flatten();
        events
            .rev()
            .filter(|((at, _), event)| {
                (since..=until).contains(at)
                    && subject.as_ref().is_none_or(|of| event.subject == *of)
            })
            .take(query.limit)
            .map(|(_, event)| AuditEvent::try_from(event.clone()))
            .collect::<Result<_, _>>()
            .map_err(|malformed| malformed.of("audit event"))
    }
}
