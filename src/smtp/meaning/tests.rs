//! `tests/data/smtp/row-replies.tsv` holds for each row what Google publishes for it, by the
//! date of the list (CC BY 4.0), and what public logs show of it.

use std::collections::BTreeSet;

use super::rows::ROWS;
use super::*;
use crate::smtp::Reply;

const LIST: &str = include_str!("../gmail-replies.tsv");
const REPLIES: &str = include_str!("../../../tests/data/smtp/row-replies.tsv");

fn of(text: &str) -> Meaning {
    meaning_of(&Reply::parse(text))
}

fn cells(line: &str) -> Vec<&str> {
    line.split('\t').collect()
}

#[test]
fn every_row_is_found_by_what_google_says_in_it() {
    let mut seen = BTreeSet::new();
    for line in REPLIES.lines().skip(1) {
        let [row, source, reply] = cells(line)[..] else { panic!("{line}") };
        // With and without the token, in both of Google's words, whole and in lines.
        let words: Vec<_> = reply.splitn(3, ' ').collect();
        let [code, enhanced, text] = words[..] else { panic!("{line}") };
        let lines = text.split(' ').collect::<Vec<_>>().chunks(7).map(|c| c.join(" ")).collect::<Vec<_>>();
        let flattened = format!(
            "{code}-{enhanced} {} {code} {enhanced} a1b2c3d4-5si1234567ab.8 - gsmtp",
            lines.join(&format!(" {code}-{enhanced} "))
        );
        let mail = reply.replace("Email", "Mail").replace("email", "mail");
        for wording in [reply.to_owned(), flattened, mail] {
            assert_eq!(of(&wording).id, row, "{source}: {wording}");
        }
        seen.insert(row);
    }
    let listed: BTreeSet<_> = LIST.lines().skip(1).map(|line| cells(line)[0]).collect();
    assert_eq!((listed.len(), &seen), (72, &listed));
}

#[test]
fn every_fragment_with_every_listed_code_finds_its_row() {
    for row in ROWS.iter() {
        assert!(row.alternatives.iter().all(|a| !a.contains(['{', '}', '?'])), "{:?}", row.alternatives);
        assert_ne!(row.meaning.category, Category::Unknown, "{}", row.meaning.id);
        // The lists of codes run in step; the shorter one's first stands for the rest.
        for at in 0..row.codes.len().max(row.enhanced.len()) {
            let code = row.codes.get(at).unwrap_or(&row.codes[0]);
            let enhanced = row.enhanced.get(at).unwrap_or(&row.enhanced[0]);
            for fragment in &row.alternatives {
                let reply = format!("{code} {enhanced} Notice: {fragment} and so on. a1b2c3d4-5si1234567.8 - gsmtp");
                assert_eq!(of(&reply).id, row.meaning.id, "{reply}");
            }
        }
    }
}

#[test]
fn wire_shapes_and_their_rows() {
    let rows = [
        (
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 from your IP address [192.0.2.1 15]. To protect our users",
            "R01",
            Scope::Ip,
        ),
        (
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n421-4.7.28 from your IP Netblock [192.0.2.58      34]. To protect our users",
            "R02",
            Scope::Netblock,
        ),
        ("421-4.7.28 unusual rate of mail originating from your DKIM domain [ 15].", "R03", Scope::DkimDomain),
        (
            "421-4.7.28 Gmail has detected an unusual rate of mail originating from your SPF 421-4.7.28 domain [bounce.example.com      35].",
            "R04",
            Scope::SpfDomain,
        ),
        (
            "421-4.7.0 [192.0.2.25 15] Our system has detected an unusual rate of 421-4.7.0 unsolicited mail originating from your IP address.",
            "R09",
            Scope::Ip,
        ),
        (
            "421-4.7.28 [192.0.2.25      15] Our system has detected an unusual rate of 421-4.7.28 unsolicited mail originating from your IP address.",
            "R01",
            Scope::Ip,
        ),
        (
            "421 4.7.0 Temporary System Problem.  Try again later (WS). i4sm571837pdl.11 - gsmtp",
            "S02",
            Scope::NotApplicable,
        ),
        (
            "421 4.3.0 Temporary System Problem.  Try again later (10). d25sm3385231qtq.11 - gsmtp",
            "S01",
            Scope::NotApplicable,
        ),
        (
            "4.3.0 Temporary System Problem.  Try again later (10). d25sm3385231qtq.11 - gsmtp",
            "S01",
            Scope::NotApplicable,
        ),
        ("421 4.7.0 Connection expired, try reconnecting", "S04", Scope::NotApplicable),
        // oss trap 34: what answers EHLO, be it for its name, is no word about a rate.
        ("421-4.7.0 Try again later, closing connection. (EHLO)", "S03", Scope::NotApplicable),
        // Typographic quotes, as a web page or a bounce may have them.
        (
            "421-4.7.29 Your e-mail has been rate limited because this message wasn\u{2019}t sent over a TLS connection.",
            "T01",
            Scope::NotApplicable,
        ),
        // The code of a page that differs from the wire's: another number, another class.
        (
            "421 4.7.99 Gmail has detected an unusual rate of mail originating from your IP address [192.0.2.1 15].",
            "R01",
            Scope::Ip,
        ),
        (
            "550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.",
            "A04",
            Scope::NotApplicable,
        ),
    ];
    for (reply, id, scope) in rows {
        let found = of(reply);
        assert_eq!((found.id, found.scope), (id, scope), "{reply}");
    }
}

#[test]
fn categories_follow_who_is_concerned() {
    // Facts on Google's replies, "what it proves, where it goes".
    let category = |row: &str| {
        let line = REPLIES.lines().find(|l| l.starts_with(row)).unwrap_or_default();
        of(cells(line)[2]).category
    };
    for (rows, wanted) in [
        ("R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11", Category::Rate),
        ("P01 P02 P03 P04 P05 P06 P07 X02", Category::Reputation),
        ("A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 D01 D02 D03 D04 X03", Category::Authentication),
        ("T01 T02", Category::TlsRequired),
        ("T03 S10 X01", Category::RecipientPolicy),
        ("R13 S01 S02 S05", Category::System),
        ("S03", Category::Session),
        ("S04 T08", Category::Benign),
        ("S06 S07 S08 S09 S13 S14 S15 T04 T05 T06 T07", Category::SenderFault),
        ("M01 M02 M03 M04 M05 M06 M07 M08", Category::Mailbox),
        ("R12 S11 S12 X06 X07", Category::Account),
        ("X04 X05", Category::Message),
    ] {
        for row in rows.split(' ') {
            assert_eq!(category(row), wanted, "{row}");
        }
    }
}

#[test]
fn unknown_replies_stay_unknown() {
    for reply in [
        "421 4.9.9 The moon is full",
        "421 4.7.28 The moon is full a1b2c3d4-5si1234567ab.8 - gsmtp",
        "421 4.7.28",
        "451 4.7.1 Greylisted, try again later",
        "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
        "",
    ] {
        assert_eq!(of(reply), Meaning { id: "-", category: Category::Unknown, scope: Scope::NotApplicable }, "{reply}");
    }
}

#[test]
fn a_first_line_alone_says_what_it_can() {
    // Sendmail keeps no more. Gmail breaks lines at about 72 columns, as in the wire samples.
    let rows = [
        (
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating",
            "-",
            Category::Rate,
            Scope::NotShown,
        ),
        // Recorded: the line ends before "address", and "Netblock" would fit.
        (
            "421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP",
            "-",
            Category::Rate,
            Scope::NotShown,
        ),
        (
            "421-4.7.28 Gmail has detected an unusual rate of mail originating from your SPF",
            "R04",
            Category::Rate,
            Scope::SpfDomain,
        ),
        (
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail. To protect",
            "R06",
            Category::Rate,
            Scope::Unscoped,
        ),
        ("421-4.7.0 [192.0.2.25 15] Our system has detected an unusual rate of", "R09", Category::Rate, Scope::Ip),
        (
            "450-4.2.1 The user you are trying to contact is receiving mail at a rate that",
            "M02",
            Category::Mailbox,
            Scope::NotApplicable,
        ),
        (
            "550-5.1.1 The email account that you tried to reach does not exist. Please try",
            "M06",
            Category::Mailbox,
            Scope::NotApplicable,
        ),
        (
            "550-5.7.26 Your email has been blocked because the sender is unauthenticated.",
            "A02",
            Category::Authentication,
            Scope::NotApplicable,
        ),
        (
            "452-4.2.2 The email account that you tried to reach is over quota. Please direct",
            "M04",
            Category::Mailbox,
            Scope::NotApplicable,
        ),
    ];
    for (reply, id, category, scope) in rows {
        assert_eq!(of(reply), Meaning { id, category, scope }, "{reply}");
    }
    // A whole reply that happens to end so is not cut.
    assert_eq!(of("421 4.7.28 We saw an unusual rate of mail a1b2c3d4-5si1234567ab.8 - gsmtp").id, "-");
}

#[test]
fn googles_link_tells_the_category_of_a_new_wording() {
    let new = of(
        "421-4.7.28 Slow down, please. 421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError 421 4.7.28 now. a1b2c3d4-5si1234567ab.8 - gsmtp",
    );
    assert_eq!(new, Meaning { id: "-", category: Category::Rate, scope: Scope::NotShown });
    let full =
        of("452 4.2.2 No room. https://support.google.com/mail/?p=OverQuotaTemp a1b2c3d4-5si1234567ab.8 - gsmtp");
    assert_eq!(full, Meaning { id: "-", category: Category::Mailbox, scope: Scope::NotApplicable });
    assert_eq!(of("421 4.7.28 x https://support.google.com/mail/?p=SomethingElse").category, Category::Unknown);
}

#[test]
fn a_rule_of_the_recipients_administrator_is_no_matter_of_googles() {
    // The form that Google's list gives.
    let admin = of("550 5.7.1 This message violates example.com email policy. - gcdp a1b2c3d4-5si1234567ab.8 - gsmtp");
    assert_eq!(admin, Meaning { id: "-", category: Category::RecipientPolicy, scope: Scope::NotApplicable });
    let policy = of(
        "550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent. - gcdp a1b2c3d4-5si1234567ab.8 - gsmtp",
    );
    assert_eq!((policy.id, policy.category), ("X01", Category::RecipientPolicy));
}
