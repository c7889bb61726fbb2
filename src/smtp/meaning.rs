//! What Gmail's replies mean: category and scope, from a dated data file.
//!
//! `gmail-replies.tsv` holds Google's published list (Gmail SMTP errors and
//! codes, support.google.com/a/answer/3726730, as of 2026-06-18, CC BY 4.0) and
//! shapes seen in public logs. Replies match on text fragments, because the
//! three-digit codes of one text differ between pages and on the wire.

use std::sync::LazyLock;

use serde::Serialize;

use super::Reply;

/// What kind of statement a reply makes; decides which reader it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A rate limit (4.7.28 and its older codes).
    Rate,
    /// Reputation, content or address policy.
    Reputation,
    /// SPF, DKIM, DMARC, alignment, PTR, message format.
    Authentication,
    /// The message did not come over TLS (4.7.29).
    TlsRequired,
    /// Google's own fault or congestion.
    System,
    /// The session was refused or guarded (`Try again later, closing connection`).
    Session,
    /// A benign end of session (`Connection expired`); never raises severity.
    Benign,
    /// The sender stalled (451 4.4.2) or broke the protocol.
    SenderFault,
    /// One recipient's mailbox: rate, quota, unknown, disabled.
    Mailbox,
    /// A recipient's administrator decided (Workspace policy).
    RecipientPolicy,
    /// Account or relay limits: not MX delivery.
    Account,
    /// Size, loop and other properties of one message.
    Message,
    /// Not in the list; shown verbatim.
    Unknown,
}

/// What the limit in a reply is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The sending IP address.
    Ip,
    /// The netblock of the sending IP.
    Netblock,
    /// The DKIM signing domain.
    DkimDomain,
    /// The envelope-from (SPF) domain.
    SpfDomain,
    /// A domain in the message's links.
    UrlDomain,
    /// The Message-ID.
    MessageId,
    /// No scope is named: Google says to assume IP, DKIM and SPF.
    Unscoped,
    /// The reply is not about a limit.
    NotApplicable,
}

/// One row of the list, as far as it concerns the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Row of the list: `R01`, `S02`; `-` when the reply is not in it.
    pub id: &'static str,
    /// What kind of statement it makes.
    pub category: Category,
    /// What it is bound to.
    pub scope: Scope,
}

impl Category {
    /// All values, in the order tables list them.
    pub const ALL: &'static [Self] = &[
        Self::Rate,
        Self::Reputation,
        Self::Authentication,
        Self::TlsRequired,
        Self::System,
        Self::Session,
        Self::Benign,
        Self::SenderFault,
        Self::Mailbox,
        Self::RecipientPolicy,
        Self::Account,
        Self::Message,
        Self::Unknown,
    ];

    /// The word of machine-readable outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Reputation => "reputation",
            Self::Authentication => "authentication",
            Self::TlsRequired => "tls_required",
            Self::System => "system",
            Self::Session => "session",
            Self::Benign => "benign",
            Self::SenderFault => "sender_fault",
            Self::Mailbox => "mailbox",
            Self::RecipientPolicy => "recipient_policy",
            Self::Account => "account",
            Self::Message => "message",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a deferral of this kind is pressure on the lane, as opposed to a
    /// matter of one mailbox, one recipient's policy, or an ordinary end of session.
    #[must_use]
    pub const fn is_pressure(self) -> bool {
        !matches!(
            self,
            Self::Benign | Self::SenderFault | Self::Mailbox | Self::RecipientPolicy | Self::Account | Self::Message
        )
    }

    const fn of_row(category: &str, id: &str) -> Self {
        let c = category.as_bytes();
        match c {
            b"rate" | b"rate-block" => match id.as_bytes() {
                b"R12" => Self::Account,
                b"R08" => Self::Rate,
                _ => Self::Rate,
            },
            b"system/rate" | b"system" | b"system?" => match id.as_bytes() {
                b"S11" => Self::Account,
                _ => Self::System,
            },
            b"mailbox-rate" | b"mailbox-quota" | b"user-unknown" | b"user-disabled" => Self::Mailbox,
            b"reputation" | b"content" | b"content/spam" | b"policy-ip" => Self::Reputation,
            b"auth" | b"auth-spf" | b"auth-dkim" | b"auth-dmarc" | b"auth-dns" | b"auth-align" | b"ptr" | b"format" => {
                Self::Authentication
            }
            b"tls" => Self::TlsRequired,
            b"tls-policy" | b"policy-recipient" => Self::RecipientPolicy,
            b"session/dos" => Self::Session,
            b"session" => match id.as_bytes() {
                b"S04" => Self::Benign,
                _ => Self::SenderFault,
            },
            b"ok" => Self::Benign,
            b"protocol" | b"tls-protocol" => Self::SenderFault,
            b"account-quota" | b"auth-login" => Self::Account,
            b"size" | b"loop" => Self::Message,
            _ => Self::Unknown,
        }
    }
}

impl Scope {
    /// The word of machine-readable outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Netblock => "netblock",
            Self::DkimDomain => "dkim_domain",
            Self::SpfDomain => "spf_domain",
            Self::UrlDomain => "url_domain",
            Self::MessageId => "message_id",
            Self::Unscoped => "unscoped",
            Self::NotApplicable => "none",
        }
    }

    fn of_row(scope: &str, category: Category) -> Self {
        match (scope, category) {
            ("ip", Category::Rate) => Self::Ip,
            ("netblock", _) => Self::Netblock,
            ("dkim-domain", _) => Self::DkimDomain,
            ("spf-domain", _) => Self::SpfDomain,
            ("url-domain", _) => Self::UrlDomain,
            ("message-id", _) => Self::MessageId,
            ("unscoped", _) => Self::Unscoped,
            ("ip", Category::Reputation) => Self::Ip,
            _ => Self::NotApplicable,
        }
    }
}

/// The date of Google's list that the data file follows.
#[must_use]
pub const fn gmail_replies_date() -> &'static str {
    "2026-06-18"
}

/// What a reply means, by the first row whose fragment and enhanced code fit.
///
/// The enhanced code is compared by its last two parts (its class differs
/// between pages), and only to prefer a row: a text match with another code
/// still counts, since Google renumbers codes more often than it rewords.
#[must_use]
pub fn meaning_of(reply: &Reply) -> Meaning {
    let text = normalise(&reply.text);
    let tail = reply.enhanced.as_deref().map(code_tail);
    let mut fallback = None;
    for row in ROWS.iter().filter(|r| r.alternatives.iter().any(|a| text.contains(a.as_str()))) {
        if tail.is_some_and(|t| row.code_tails.contains(&t)) {
            return row.meaning;
        }
        fallback = fallback.or(Some(row.meaning));
    }
    fallback.unwrap_or(Meaning { id: "-", category: Category::Unknown, scope: Scope::NotApplicable })
}

struct Row {
    alternatives: Vec<String>,
    code_tails: Vec<&'static str>,
    meaning: Meaning,
}

static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| include_str!("gmail-replies.tsv").lines().skip(1).filter_map(parse_row).collect());

fn parse_row(line: &'static str) -> Option<Row> {
    let mut cells = line.split('\t');
    let (id, _code, enhanced, fragment, scope, category) =
        (cells.next()?, cells.next()?, cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    let category = Category::of_row(category, id);
    Some(Row {
        alternatives: fragment.split(" | ").flat_map(expand).collect(),
        code_tails: enhanced.split(" | ").map(code_tail).collect(),
        meaning: Meaning { id, category, scope: Scope::of_row(scope, category) },
    })
}

/// `4.7.28` → `7.28`
fn code_tail(enhanced: &str) -> &str {
    enhanced.split_once('.').map_or(enhanced, |(_, tail)| tail)
}

/// Spells a fragment out: `m?` is "mail" (both words are normalised to it),
/// `{a|b}` one of several, `{a }` with or without.
fn expand(fragment: &str) -> Vec<String> {
    let Some((before, rest)) = fragment.split_once('{') else {
        return vec![fragment.replace("m?", "mail")];
    };
    let Some((choice, after)) = rest.split_once('}') else {
        return vec![fragment.to_owned()];
    };
    let options: Vec<&str> = if choice.contains('|') { choice.split('|').collect() } else { vec![choice, ""] };
    options.iter().flat_map(|o| expand(&format!("{before}{o}{after}"))).collect()
}

/// Lower case, typographic quotes straight, "email" as "mail", URLs' line breaks healed, blanks collapsed.
fn normalise(text: &str) -> String {
    text.to_lowercase().replace(['\u{2019}', '\u{2018}'], "'").replace("email", "mail").replace("e-mail", "mail")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> &'static str {
        meaning_of(&Reply::parse(text)).id
    }

    #[test]
    fn every_row_is_spelt_out_and_found_by_its_own_reply() {
        assert!(ROWS.len() >= 72, "{}", ROWS.len());
        for (row, line) in ROWS.iter().zip(include_str!("gmail-replies.tsv").lines().skip(1)) {
            assert!(row.alternatives.iter().all(|a| !a.contains(['{', '}'])), "{:?}", row.alternatives);
            assert_ne!(row.meaning.category, Category::Unknown, "{}", row.meaning.id);
            let cells: Vec<_> = line.split('\t').collect();
            let codes = cells[1].split(" | ").zip(cells[2].split(" | ").cycle());
            for (code, enhanced) in codes {
                for alternative in &row.alternatives {
                    let reply = format!(
                        "{code}-{enhanced} Notice: {alternative} {code} {enhanced} and so on. a1b2c3d4-5si1234567.8 - gsmtp"
                    );
                    let found = meaning_of(&Reply::parse(&reply));
                    // Texts that Google uses with two codes may be found by the other row.
                    assert_eq!(
                        (found.category, found.scope),
                        (row.meaning.category, row.meaning.scope),
                        "{reply}: {}",
                        found.id
                    );
                }
            }
        }
    }

    #[test]
    fn wire_shapes_and_their_rows() {
        assert_eq!(
            id(
                "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 from your IP address [192.0.2.1 15]. To protect our users"
            ),
            "R01"
        );
        assert_eq!(
            id(
                "421-4.7.28 Gmail has detected an unusual rate of mail originating from your SPF 421-4.7.28 domain [bounce.example.com      35]."
            ),
            "R04"
        );
        assert_eq!(
            id("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail. To protect our users"),
            "R06"
        );
        assert_eq!(id("421 4.7.0 Temporary System Problem.  Try again later (WS). i4sm571837pdl.11 - gsmtp"), "S02");
        assert_eq!(id("421 4.3.0 Temporary System Problem.  Try again later (10). d25sm3385231qtq.11 - gsmtp"), "S01");
        assert_eq!(id("421 4.7.0 Connection expired, try reconnecting"), "S04");
        assert_eq!(id("421-4.7.0 Try again later, closing connection. (EHLO)"), "S03");
        assert_eq!(
            id("421-4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection."),
            "T01"
        );
        assert_eq!(
            id(
                "421 5.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned with"
            ),
            "A09"
        );
        assert_eq!(id("421 4.9.9 The moon is full"), "-");
    }

    #[test]
    fn scopes() {
        let scope = |t: &str| meaning_of(&Reply::parse(t)).scope;
        assert_eq!(
            scope("421-4.7.28 unusual rate of mail originating from your DKIM domain [ 15]."),
            Scope::DkimDomain
        );
        assert_eq!(scope("421-4.7.28 mail originating from your IP Netblock [192.0.2.58      34]."), Scope::Netblock);
    }
}
