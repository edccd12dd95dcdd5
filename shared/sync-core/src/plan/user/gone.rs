//! The bound object answers 404: too young to tell, satisfied, restored or reported (P6, P9, R11).

use std::time::Duration;

use super::{Planner, REPLICATION, UserInput, connected_user, resolve};
use crate::finding::FindingCode;
use crate::observed::EntraUser;
use crate::plan::switch::Want;
use crate::plan::{Action, Cause};
use crate::policy::OnDeletedInEntra;
use crate::record::{Binding, after};

impl Planner<'_> {
    pub(super) fn gone(&mut self, binding: &Binding, deleted: Option<&EntraUser>) {
        let UserInput { policy, desired, domains, .. } = self.input;
        if binding.is_young(&policy.timing, self.now) {
            // R11: never "gone", for P6 as for P9.
            self.planned.plan.memory.absent = binding.absent;
            return self.wait(REPLICATION);
        }
        self.planned.plan.memory.absent = true;
        match self.wanted {
            Want::Off(cause) => {
                // P6: a missing object satisfies a deactivation.
                self.planned.plan.memory.off_by_absence = true;
                self.planned.plan.memory.give_up = cause == Cause::Deleted;
                return self.lockout();
            }
            Want::Undecided => return,
            Want::On | Want::AsFound => {}
        }
        if self.excluded(&binding.upn) {
            return;
        }
        let recreate = policy.users.on_deleted_in_entra == OnDeletedInEntra::Recreate;
        let upn = connected_user(desired).map(|user| resolve(policy, user, domains));
        match (deleted, upn) {
            (Some(deleted), _) => {
                self.planned.plan.actions.push(Action::Restore);
                // The deleted items alter a UPN; restored, it is what it was.
                let restored = EntraUser { upn: binding.upn.clone(), ..deleted.clone() };
                self.bound(binding, &restored);
                // Replicas learn of it late; what it really holds is looked at again.
                self.look_again(after(self.now, REPLICATION));
            }
            (None, Some(Ok(upn))) if recreate => {
                self.planned.plan.memory.unbind = Some(upn);
                self.wait(Duration::ZERO);
            }
            (None, upn) => {
                self.planned.findings.extend(upn.and_then(Result::err).flatten());
                self.find(
                    FindingCode::GoneInEntra,
                    format!("the bound object {} is gone in Entra", binding.object),
                );
            }
        }
    }
}
