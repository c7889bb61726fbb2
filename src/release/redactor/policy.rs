//! The policy: what happens to each class of value, for each reader.
//!
//! This table is the only place that decides. A class without a row does not
//! compile; a value that no rule names is [`Class::Other`], which is withheld.

use serde::Serialize;

use crate::release::Audience;

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stays byte for byte.
    Keep,
    /// A keyed token: the same value, the same token, for this reader and case.
    Token,
    /// The local part becomes a token, the domain follows its own class.
    TokenKeepDomain,
    /// A plain name in sorted order: `node-a`, `customer-domain-1`.
    Label,
    /// Only sums over it are shown; a single value in a text is dropped.
    Aggregate,
    /// The value goes, a marker that names its class stays.
    DropValue,
    /// The whole line goes, a marker stays so that line numbers hold.
    DropLine,
    /// The item that holds it is not shown at all.
    Withhold,
}

impl Action {
    /// The word in tables and in redaction.json.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Token => "token",
            Self::TokenKeepDomain => "token, domain kept",
            Self::Label => "label",
            Self::Aggregate => "aggregate",
            Self::DropValue => "drop value",
            Self::DropLine => "drop line",
            Self::Withhold => "withhold",
        }
    }
}

/// One row a class: name, what it is, its word, then the action for the ESP, for Google, inside the house.
macro_rules! policy {
    ($($(#[doc = $doc:literal])+ $class:ident $word:literal: $esp:ident $google:ident $internal:ident;)+) => {
        /// What a value is, as far as its reader is concerned.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Class { $($(#[doc = $doc])+ $class,)+ }

        impl Class {
            /// All classes, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$class),+];

            /// The word in markers and tables: `message-id`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$class => $word,)+ }
            }

            /// One line on what it covers.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$class => concat!($($doc),+).trim_ascii(),)+ }
            }
        }

        const fn row(class: Class) -> [Action; 3] {
            match class { $(Class::$class => [Action::$esp, Action::$google, Action::$internal],)+ }
        }
    };
}

policy! {
    //                                                          ESP             Google          internal
    /// Times of events, UTC.
    Time "time":                                                Keep            Keep            Keep;
    /// Public IPs that we send from, affected or not.
    SendingIp "sending-ip":                                     Keep            Keep            Keep;
    /// Private, carrier and link-local addresses.
    PrivateIp "private-ip":                                     Keep            DropValue       Keep;
    /// Addresses of clients that connected to us.
    ClientIp "client-ip":                                       Token           Token           Keep;
    /// Host names of clients that connected to us.
    ClientHost "client-host":                                   Token           Token           Keep;
    /// Host names of receivers.
    MxHost "mx-host":                                           Keep            Keep            Keep;
    /// Addresses of receivers.
    MxIp "mx-ip":                                               Keep            Keep            Keep;
    /// Replies of receivers, as worded.
    SmtpReply "smtp-reply":                                     Keep            Keep            Keep;
    /// Google's session tokens.
    GoogleToken "google-token":                                 Keep            Keep            Keep;
    /// Queue, spool and session ids of our MTA.
    QueueId "queue-id":                                         Keep            Token           Keep;
    /// Message ids in the ESP's own namespace.
    EspMessageId "esp-message-id":                              Keep            DropValue       Keep;
    /// RFC 5322 Message-IDs.
    MessageId "message-id":                                     Token           DropValue       Keep;
    /// Mailbox addresses of recipients, and of everyone who is not known to be the sender.
    Recipient "recipient":                                      TokenKeepDomain TokenKeepDomain Keep;
    /// Domains of public mailbox providers.
    ConsumerDomain "consumer-domain":                           Keep            Keep            Keep;
    /// Recipient domains hosted by Google for others.
    WorkspaceDomain "workspace-domain":                         Label           Label           Keep;
    /// All other recipient domains.
    CustomerDomain "customer-domain":                           Label           Label           Keep;
    /// The sender's own domains: envelope, From, DKIM d=.
    OwnDomain "own-domain":                                     Keep            Keep            Keep;
    /// Local parts of envelope senders, VERP among them.
    SenderLocal "sender":                                       TokenKeepDomain DropValue       Keep;
    /// Display names in headers.
    PersonName "name":                                          DropValue       DropValue       Keep;
    /// Account and login names.
    Login "login":                                              DropValue       DropValue       Keep;
    /// Subjects, and encoded words of headers.
    Subject "subject":                                          DropValue       DropValue       DropValue;
    /// Headers and bodies of messages in a trace.
    Body "body":                                                DropLine        DropLine        DropLine;
    /// Paths and queries of URLs, Google's own help pages excepted.
    Url "url":                                                  DropValue       DropValue       DropValue;
    /// Hosts of URLs.
    UrlHost "url-host":                                         Keep            Keep            Keep;
    /// Campaigns, lists and launches.
    Campaign "campaign":                                        Label           Label           Keep;
    /// Nodes and instances of the sender.
    Node "node":                                                Keep            Label           Keep;
    /// Account and instance ids at the provider.
    ProviderId "provider-id":                                   Keep            DropValue       Keep;
    /// Customers and tenants.
    Customer "customer":                                        Keep            DropValue       Keep;
    /// Counts of the lane, by minute.
    LaneVolume "lane-volume":                                   Keep            Keep            Keep;
    /// Counts of the whole programme.
    ProgrammeVolume "programme-volume":                         Aggregate       Aggregate       Keep;
    /// Load, bandwidth, files, workers of a node.
    NodeMetric "node-metric":                                   Keep            Aggregate       Keep;
    /// TLS library, protocol and cipher names.
    TlsLibrary "tls-library":                                   Keep            Keep            Keep;
    /// Name and version of the MTA.
    MtaVersion "mta-version":                                   Keep            Keep            Keep;
    /// Settings of the MTA.
    MtaConfig "mta-config":                                     Keep            Aggregate       Keep;
    /// STARTTLS transcripts.
    Transcript "transcript":                                    Keep            Keep            Keep;
    /// Arguments of AUTH, passwords, keys of interfaces, bearer tokens.
    AuthData "auth":                                            DropValue       DropValue       DropValue;
    /// Session ids and keys of TLS, tickets, private keys.
    TlsSecret "tls-secret":                                     DropLine        DropLine        DropLine;
    /// Attested spam rate and authentication verdicts.
    SpamRate "spam-rate":                                       Keep            Keep            Keep;
    /// Names of our people.
    Staff "staff":                                              DropValue       DropValue       Keep;
    /// Parser warnings and counts of unknown lines.
    ParserDetail "parser-detail":                               Keep            Aggregate       Keep;
    /// Verdicts on causes.
    Cause "cause":                                              Aggregate       DropValue       Keep;
    /// Free text that the user wrote for this reader; the gate scans it.
    Note "note":                                                Keep            Keep            Keep;
    /// Paths that name a person or a mailbox.
    FilePath "path":                                            DropValue       DropValue       Keep;
    /// Who complained or unsubscribed.
    Complaint "complaint":                                      DropValue       DropValue       Aggregate;
    /// Captured packets.
    Capture "capture":                                          Withhold        Withhold        Withhold;
    /// Words on the user's deny list.
    Denied "denied":                                            DropValue       DropValue       Keep;
    /// Anything that no rule names.
    Other "other":                                              Withhold        Withhold        Keep;
}

/// What happens to a value of `class` before `audience` sees it.
#[must_use]
pub const fn action(class: Class, audience: Audience) -> Action {
    let [esp, google, internal] = row(class);
    match audience {
        Audience::Esp => esp,
        Audience::Google => google,
        Audience::Internal => internal,
    }
}

/// The table as Markdown: one row a class, one column a reader.
#[must_use]
pub fn policy_markdown() -> String {
    let mut lines =
        vec!["| class | what | ESP or host | Google | internal |".to_owned(), "|---|---|---|---|---|".to_owned()];
    lines.extend(Class::ALL.iter().map(|&class| {
        let [esp, google, internal] = row(class).map(Action::word);
        format!("| {} | {} | {esp} | {google} | {internal} |", class.word(), class.about())
    }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const READERS: [Audience; 3] = [Audience::Esp, Audience::Google, Audience::Internal];

    #[test]
    fn secrets_leave_for_nobody() {
        for reader in READERS {
            for class in [Class::AuthData, Class::TlsSecret, Class::Capture, Class::Body, Class::Subject, Class::Url] {
                assert_ne!(action(class, reader), Action::Keep, "{class:?} for {reader:?}");
            }
        }
    }

    #[test]
    fn what_no_rule_names_is_withheld_outside() {
        assert_eq!(action(Class::Other, Audience::Esp), Action::Withhold);
        assert_eq!(action(Class::Other, Audience::Google), Action::Withhold);
    }

    #[test]
    fn evidence_stays_for_both() {
        for reader in READERS {
            for class in [Class::SendingIp, Class::MxHost, Class::SmtpReply, Class::GoogleToken, Class::OwnDomain] {
                assert_eq!(action(class, reader), Action::Keep, "{class:?} for {reader:?}");
            }
        }
    }

    #[test]
    fn words_are_unique_and_the_table_has_a_row_each() {
        let mut words: Vec<_> = Class::ALL.iter().map(|c| c.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Class::ALL.len());
        assert_eq!(policy_markdown().lines().count(), Class::ALL.len() + 2);
        assert!(
            policy_markdown().contains("| queue-id | Queue, spool and session ids of our MTA. | keep | token | keep |")
        );
    }
}
