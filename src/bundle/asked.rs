//! What the gate is asked to look for: what the redactor learnt, and what its policy hides.
//!
//! It stands outside `gate/`, which knows nothing of the redactor.

use super::gate::{Forbidden, Gate, Stands};
use crate::release::Audience;
use crate::release::redactor::{self, Action, Class, action};

impl Gate {
    /// The gate of one reader: the values that must not reach them, and what may stand in plain sight.
    #[must_use]
    pub fn of(audience: Audience, forbidden: &[redactor::Forbidden], allowed: &[String]) -> Self {
        Self {
            forbidden: forbidden.iter().map(asked).collect(),
            allowed: allowed.to_vec(),
            no_private_ips: action(Class::PrivateIp, audience) != Action::Keep,
        }
    }
}

/// A name of a person may be any word, as in `root cause`: it counts where names of accounts stand.
fn asked(learnt: &redactor::Forbidden) -> Forbidden {
    let is_person = matches!(learnt.class, Class::Login | Class::Recipient | Class::SenderLocal);
    let stands = match (learnt.whole_word, is_person && !learnt.value.contains('@')) {
        (false, _) => Stands::Anywhere,
        (true, true) => Stands::Name,
        (true, false) => Stands::Word,
    };
    Forbidden { class: learnt.class.word(), value: learnt.value.clone(), stands }
}
