//! Whom a limit of Gmail's names: `[192.0.2.1      15]`, `[news.example.com      36]`.

use std::net::IpAddr;

use super::meaning::Scope;
use super::reply::Reply;

/// What a limit is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The sending address.
    Ip(IpAddr),
    /// A domain of the sender's, in small letters: the one that signs (DKIM), the envelope's
    /// (SPF), or one of its links.
    Domain(Box<str>),
}

/// What the reply names as that which its limit is bound to; nothing where the brackets are
/// empty, the log cut them off, or they hold something else than the scope says.
#[must_use]
pub fn named_by_limit(reply: &Reply, scope: Scope) -> Option<Named> {
    let of = reply.subject.as_ref()?.of.as_str();
    match scope {
        Scope::Ip => of.parse().ok().map(Named::Ip),
        Scope::DkimDomain | Scope::SpfDomain | Scope::UrlDomain => domain(of).map(Named::Domain),
        _ => None,
    }
}

fn domain(text: &str) -> Option<Box<str>> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        (1..=63).contains(&label.len()) && label.chars().all(is_of_name)
    };
    let is_domain = text.len() <= 253 && text.contains('.') && text.split('.').all(is_label);
    (is_domain && text.parse::<IpAddr>().is_err()).then(|| text.to_lowercase().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::meaning_of;

    fn named(reply: &str) -> Option<Named> {
        let reply = Reply::parse(reply);
        named_by_limit(&reply, meaning_of(&reply).scope)
    }

    fn is_of(domain: &str) -> Option<Named> {
        Some(Named::Domain(domain.into()))
    }

    // The wordings of rows R01 to R08 of the list, brackets as they were seen on the wire.
    #[test]
    fn each_scope_names_what_it_is_on() {
        let rate = |of: &str| {
            named(&format!(
                "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your {of}. To protect our users from spam, mail has been temporarily rate limited."
            ))
        };
        assert_eq!(rate("IP address [192.0.2.1      15]"), Some(Named::Ip([192, 0, 2, 1].into())));
        assert_eq!(rate("DKIM domain [News.Example.com.      36]"), is_of("news.example.com"));
        assert_eq!(rate("SPF domain [bounce.example.com      35]"), is_of("bounce.example.com"));
        let url = "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail containing one of your URL domains [links.example.com      37]. To protect our users";
        assert_eq!(named(url), is_of("links.example.com"));
    }

    #[test]
    fn what_is_not_named_is_not_made_up() {
        let rate = |of: &str| {
            named(&format!(
                "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your {of}. To protect our users from spam"
            ))
        };
        for of in [
            "DKIM domain [      36]",
            "DKIM domain",
            "DKIM domain [192.0.2.1      36]",
            "DKIM domain [2001:db8::1      36]",
            "SPF domain [a..example      35]",
            "IP netblock [192.0.2.0      34]",
            "IP address [news.example.com      15]",
        ] {
            assert_eq!(rate(of), None, "{of}");
        }
    }
}
