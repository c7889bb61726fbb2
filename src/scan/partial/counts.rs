//! The counts of a log as they stand in a partial: rows in a fixed order, names by number.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::PartialError;
use super::edges::Bytes;
use super::files::SavedFile;
use super::sound::{self, Sound, unsound};
use crate::intake::Exhibit;
use crate::scan::domains::DOMAINS;
use crate::scan::{
    Accepted, Axis, BUSY_SLOTS, CellKey, Ending, Excerpt, ExcerptLine, LimitedDomain, LimitedDomains, Names,
    ReplyExample, ReplyKey, ReplyTally, Seconds, Tally, What,
};
use crate::smtp::{Category, Lane, Outcome, Scope, Stage, row_id};
use crate::time::millis::Moments as _;

/// Whether it is an MX host, else a sender; and which.
type Place = (bool, u16);

/// Minutes, and what was counted in each.
type Series<T> = Vec<(i32, T)>;

type SavedSeconds = (u64, Vec<(u8, Ending, u64)>);

/// All counts of one log.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Counts {
    /// Node, tag, IP.
    egresses: Vec<(String, String, String)>,
    mx_hosts: Vec<String>,
    kinds: Vec<What>,
    /// Place, lane, kind; then minutes and counts.
    cells: Vec<(Place, u8, u16, Series<u64>)>,
    busy: Vec<(u16, u8, Series<[u32; BUSY_SLOTS]>)>,
    accepted: Series<Accepted>,
    /// Sender and MX host; then minutes, the seconds of others, and endings by second.
    seconds: Vec<(u16, u16, Series<SavedSeconds>)>,
    recipients: Vec<(u8, Outcome, u64)>,
    replies: Vec<SavedReply>,
    excerpts: Vec<SavedExcerpt>,
    established: Vec<(u16, u64)>,
    skew: Vec<(u16, i32, u64)>,
    named_ips: Vec<(u16, IpAddr, u64)>,
    told: Vec<(Place, u8, u16)>,
    files: Vec<SavedFile>,
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedReply {
    normal_form: String,
    outcome: Outcome,
    stage: Stage,
    code: Option<u16>,
    enhanced: Option<String>,
    row: String,
    category: Category,
    scope: Scope,
    attempts: u64,
    span: (i64, i64),
    by_egress: Vec<(u16, u64)>,
    by_mx: Vec<(u16, u64)>,
    domains: Vec<SavedDomain>,
    other_domains: u64,
    examples: Vec<SavedExample>,
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedDomain {
    name: String,
    by_egress: Vec<(u16, u64)>,
    first: Option<SavedExample>,
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedExample {
    at: i64,
    text: String,
    token: String,
    egress: u16,
    mx: u16,
    mx_ip: String,
    line: (u16, u64),
    queue_id: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedExcerpt {
    at: i64,
    lines: Vec<(u16, u64, Bytes)>,
    outcome: Outcome,
    stage: Stage,
    egress: u16,
    mx: u16,
    queue_id: String,
    reply: String,
}

const fn place_of(axis: Axis) -> Place {
    match axis {
        Axis::Egress(id) => (false, id.0),
        Axis::Mx(id) => (true, id.0),
    }
}

fn axis_of((is_mx, id): Place, sound: &Sound) -> Result<Axis, PartialError> {
    Ok(if is_mx { Axis::Mx(sound.mx(id)?) } else { Axis::Egress(sound.egress(id)?) })
}

impl Counts {
    pub(super) fn of(tally: &Tally) -> Self {
        let kinds: BTreeSet<What> = tally.cells.keys().map(|key| key.what).collect();
        // At most some thousands: each is a combination of a few words.
        let kinds: Vec<What> = kinds.into_iter().collect();
        let kind_of =
            |what: &What| kinds.binary_search(what).ok().and_then(|n| u16::try_from(n).ok()).unwrap_or_default();
        let mut cells: BTreeMap<_, Series<u64>> = BTreeMap::new();
        for (CellKey { minute, lane, axis, what }, n) in &tally.cells {
            cells.entry((place_of(*axis), lane.0, kind_of(what))).or_default().push((minute.number(), *n));
        }
        let mut busy: BTreeMap<_, Series<[u32; BUSY_SLOTS]>> = BTreeMap::new();
        for ((minute, lane, egress), slots) in &tally.busy {
            busy.entry((egress.0, lane.0)).or_default().push((minute.number(), *slots));
        }
        let mut seconds: BTreeMap<_, Series<SavedSeconds>> = BTreeMap::new();
        for ((minute, egress, mx), Seconds { others, ended }) in &tally.seconds {
            let ended = ended.iter().map(|((second, ending), n)| (*second, *ending, *n)).collect();
            seconds.entry((egress.0, mx.0)).or_default().push((minute.number(), (*others, ended)));
        }
        let mut accepted: Series<Accepted> =
            tally.accepted.iter().map(|(minute, one)| (minute.number(), one.clone())).collect();
        accepted.sort_unstable_by_key(|(minute, _)| *minute);
        seconds.values_mut().for_each(|series| series.sort_unstable());
        let mut told: Vec<_> = tally.told.iter().map(|(axis, lane, file)| (place_of(*axis), lane.0, file.0)).collect();
        told.sort_unstable();
        cells.values_mut().for_each(|series| series.sort_unstable());
        busy.values_mut().for_each(|series| series.sort_unstable());
        Self {
            egresses: tally.names.egresses().map(|(_, e)| (e.node.clone(), e.tag.clone(), e.ip.clone())).collect(),
            mx_hosts: tally.names.mx_hosts().map(|(_, host)| host.to_owned()).collect(),
            cells: cells.into_iter().map(|((place, lane, kind), series)| (place, lane, kind, series)).collect(),
            kinds,
            busy: busy.into_iter().map(|((egress, lane), series)| (egress, lane, series)).collect(),
            accepted,
            seconds: seconds.into_iter().map(|((egress, mx), series)| (egress, mx, series)).collect(),
            recipients: tally.recipients.iter().map(|((lane, outcome), n)| (lane.0, *outcome, *n)).collect(),
            replies: tally.replies.iter().map(SavedReply::of).collect(),
            excerpts: tally.excerpts.values().map(SavedExcerpt::of).collect(),
            established: tally.established.iter().map(|(egress, n)| (egress.0, *n)).collect(),
            skew: tally.skew.iter().map(|((egress, seconds), n)| (egress.0, *seconds, *n)).collect(),
            named_ips: tally.named_ips.iter().map(|((egress, ip), n)| (egress.0, *ip, *n)).collect(),
            told,
            files: tally.files.iter().map(SavedFile::of).collect(),
        }
    }

    pub(super) fn tally(self) -> Result<Tally, PartialError> {
        let mut sound = Sound::new(self.egresses.len(), self.mx_hosts.len());
        let mut tally = Tally { names: names(&self.egresses, &self.mx_hosts)?, ..Tally::default() };
        tally.cells.reserve(self.cells.iter().map(|(.., series)| series.len()).sum());
        tally.busy.reserve(self.busy.iter().map(|(.., series)| series.len()).sum());
        for (place, lane, kind, series) in self.cells {
            let axis = axis_of(place, &sound)?;
            let what = *self.kinds.get(usize::from(kind)).ok_or_else(|| unsound("a count of nothing"))?;
            for (minute, n) in series {
                let key = CellKey { minute: sound::minute(minute), lane: Lane(lane), axis, what };
                *tally.cells.entry(key).or_default() += sound.count(n)?;
            }
        }
        for (egress, lane, series) in self.busy {
            let egress = sound.egress(egress)?;
            tally.busy.extend(series.into_iter().map(|(m, slots)| ((sound::minute(m), Lane(lane), egress), slots)));
        }
        for (minute, accepted) in self.accepted {
            let Accepted { waited, placed, opened } = &accepted;
            for n in waited.iter().chain([placed, opened]) {
                sound.count(*n)?;
            }
            tally.accepted.insert(sound::minute(minute), accepted);
        }
        for (egress, mx, series) in self.seconds {
            let (egress, mx) = (sound.egress(egress)?, sound.mx(mx)?);
            for (minute, saved) in series {
                tally.seconds.insert((sound::minute(minute), egress, mx), seconds_of(saved, &mut sound)?);
            }
        }
        for (lane, outcome, n) in self.recipients {
            tally.recipients.insert((Lane(lane), outcome), sound.count(n)?);
        }
        for reply in self.replies {
            let (key, reply) = reply.reply(&mut sound)?;
            tally.replies.insert(key, reply);
        }
        for excerpt in self.excerpts {
            tally.keep(excerpt.excerpt(&sound)?);
        }
        for (egress, n) in self.established {
            tally.established.insert(sound.egress(egress)?, sound.count(n)?);
        }
        for (egress, seconds, n) in self.skew {
            let seconds =
                Some(seconds).filter(|s| s.unsigned_abs() <= 86_400).ok_or_else(|| unsound("a skew of days"))?;
            tally.skew.insert((sound.egress(egress)?, seconds), sound.count(n)?);
        }
        for (egress, ip, n) in self.named_ips {
            tally.named_ips.insert((sound.egress(egress)?, ip), sound.count(n)?);
        }
        for (place, lane, file) in self.told {
            tally.told.insert((axis_of(place, &sound)?, Lane(lane), Exhibit(file)));
        }
        for file in self.files {
            tally.files.insert(Exhibit(file.exhibit), file.file(&mut sound)?);
        }
        Ok(tally)
    }
}

fn seconds_of((others, saved): SavedSeconds, sound: &mut Sound) -> Result<Seconds, PartialError> {
    let mut ended = BTreeMap::new();
    for (second, ending, n) in saved {
        if second >= 60 {
            return Err(unsound("a second of no minute"));
        }
        ended.insert((second, ending), sound.count(n)?);
    }
    Ok(Seconds { others, ended })
}

/// The names in their order: each is new, so each gets the number that it had.
fn names(egresses: &[(String, String, String)], mx_hosts: &[String]) -> Result<Names, PartialError> {
    let mut names = Names::default();
    for (n, (node, tag, ip)) in egresses.iter().enumerate() {
        if usize::from(names.egress(node.as_bytes(), tag.as_bytes(), ip.as_bytes()).0) != n {
            return Err(unsound("a sender that stands twice"));
        }
    }
    for (n, host) in mx_hosts.iter().enumerate() {
        if usize::from(names.mx(host.as_bytes()).0) != n {
            return Err(unsound("an MX host that stands twice"));
        }
    }
    Ok(names)
}

impl SavedReply {
    fn of((key, reply): (&ReplyKey, &ReplyTally)) -> Self {
        Self {
            normal_form: key.normal_form.clone(),
            outcome: key.outcome,
            stage: key.stage,
            code: reply.code,
            enhanced: reply.enhanced.clone(),
            row: reply.row.to_owned(),
            category: reply.category,
            scope: reply.scope,
            attempts: reply.attempts,
            span: (reply.span.0.number(), reply.span.1.number()),
            by_egress: reply.by_egress.iter().map(|(id, n)| (id.0, *n)).collect(),
            by_mx: reply.by_mx.iter().map(|(id, n)| (id.0, *n)).collect(),
            domains: reply.domains.kept.iter().map(|(name, domain)| SavedDomain::of(name, domain)).collect(),
            other_domains: reply.domains.others,
            examples: reply.examples.iter().map(SavedExample::of).collect(),
        }
    }

    fn reply(self, sound: &mut Sound) -> Result<(ReplyKey, ReplyTally), PartialError> {
        let key = ReplyKey { normal_form: self.normal_form, outcome: self.outcome, stage: self.stage };
        let mut by_egress = BTreeMap::new();
        for (id, n) in self.by_egress {
            by_egress.insert(sound.egress(id)?, sound.count(n)?);
        }
        let mut by_mx = BTreeMap::new();
        for (id, n) in self.by_mx {
            by_mx.insert(sound.mx(id)?, sound.count(n)?);
        }
        let mut domains = LimitedDomains { others: sound.count(self.other_domains)?, ..LimitedDomains::default() };
        for saved in self.domains {
            let (name, domain) = saved.domain(sound)?;
            domains.kept.insert(name, domain);
        }
        if domains.kept.len() > DOMAINS {
            return Err(unsound("more domains than are kept"));
        }
        let examples = self.examples.into_iter().map(|e| e.example(sound)).collect::<Result<_, _>>()?;
        let reply = ReplyTally {
            code: self.code,
            enhanced: self.enhanced,
            row: row_id(&self.row).ok_or_else(|| unsound("a reply of no list"))?,
            category: self.category,
            scope: self.scope,
            attempts: sound.count(self.attempts)?,
            span: (sound::stamp(self.span.0)?, sound::stamp(self.span.1)?),
            by_egress,
            by_mx,
            domains,
            examples,
        };
        Ok((key, reply))
    }
}

impl SavedDomain {
    fn of(name: &str, domain: &LimitedDomain) -> Self {
        Self {
            name: name.to_owned(),
            by_egress: domain.by_egress.iter().map(|(id, n)| (id.0, *n)).collect(),
            first: domain.first.as_ref().map(SavedExample::of),
        }
    }

    fn domain(self, sound: &mut Sound) -> Result<(Box<str>, LimitedDomain), PartialError> {
        let mut by_egress = BTreeMap::new();
        for (id, n) in self.by_egress {
            by_egress.insert(sound.egress(id)?, sound.count(n)?);
        }
        let first = self.first.map(|first| first.example(sound)).transpose()?;
        Ok((self.name.into(), LimitedDomain { by_egress, first }))
    }
}

impl SavedExample {
    fn of(example: &ReplyExample) -> Self {
        Self {
            at: example.at.number(),
            text: example.text.clone(),
            token: example.token.clone(),
            egress: example.egress.0,
            mx: example.mx.0,
            mx_ip: example.mx_ip.clone(),
            line: (example.exhibit.0, example.number),
            queue_id: example.queue_id.clone(),
        }
    }

    fn example(self, sound: &Sound) -> Result<ReplyExample, PartialError> {
        Ok(ReplyExample {
            at: sound::stamp(self.at)?,
            text: self.text,
            token: self.token,
            egress: sound.egress(self.egress)?,
            mx: sound.mx(self.mx)?,
            mx_ip: self.mx_ip,
            exhibit: Exhibit(self.line.0),
            number: self.line.1,
            queue_id: self.queue_id,
        })
    }
}

impl SavedExcerpt {
    fn of(excerpt: &Excerpt) -> Self {
        Self {
            at: excerpt.at.number(),
            lines: excerpt.lines.iter().map(|l| (l.exhibit.0, l.number, Bytes::of(&l.text))).collect(),
            outcome: excerpt.outcome,
            stage: excerpt.stage,
            egress: excerpt.egress.0,
            mx: excerpt.mx.0,
            queue_id: excerpt.queue_id.clone(),
            reply: excerpt.reply.clone(),
        }
    }

    fn excerpt(self, sound: &Sound) -> Result<Excerpt, PartialError> {
        let line = |(exhibit, number, text): (u16, u64, Bytes)| ExcerptLine {
            text: text.bytes(),
            exhibit: Exhibit(exhibit),
            number,
        };
        Ok(Excerpt {
            at: sound::stamp(self.at)?,
            lines: self.lines.into_iter().map(line).collect(),
            outcome: self.outcome,
            stage: self.stage,
            egress: sound.egress(self.egress)?,
            mx: sound.mx(self.mx)?,
            queue_id: self.queue_id,
            reply: self.reply,
        })
    }
}
