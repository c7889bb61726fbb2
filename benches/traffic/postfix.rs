//! Postfix, as the recordings of 3.7 with three sending lanes have it, or with 64.

use std::collections::BTreeMap;

use super::log::{Log, Tells, civil};
use super::random::Random;
use super::{GMAIL, Mix, OTHERS, is_incident, is_wave, token};

/// A host with three sending lanes, or a fleet's.
pub(super) struct Postfix {
    storm: bool,
    fleet: bool,
    messages: u64,
    next_pid: u64,
    /// SMTP clients of each lane.
    clients: Vec<Vec<Client>>,
    /// Deferred messages by the time of their next attempt.
    deferred: BTreeMap<(u64, u64), Message>,
}

/// One process: it handles one message at a time and ends after a hundred.
struct Client {
    pid: u64,
    free_at: u64,
    uses: u64,
}

struct Message {
    number: u64,
    id: String,
    came: u64,
    lane: usize,
}

/// What one failed try of an MX takes, in milliseconds.
const TRY_MS: u64 = 350;

impl Postfix {
    pub(super) fn new(storm: bool) -> Self {
        Self::with(3, storm, false)
    }

    /// A node with 64 sending IPs.
    pub(super) fn fleet() -> Self {
        Self::with(64, false, true)
    }

    fn with(lanes: usize, storm: bool, fleet: bool) -> Self {
        let clients = std::iter::repeat_with(Vec::new).take(lanes).collect();
        Self { storm, fleet, messages: 0, next_pid: 7000, clients, deferred: BTreeMap::new() }
    }

    /// Whether Gmail defers what this lane sends now.
    fn is_deferred(&self, at: u64, lane: usize) -> bool {
        if self.fleet { lane.is_multiple_of(2) && is_wave(at) } else { lane < 2 && is_incident(at) }
    }

    /// A client that is free from now until then.
    fn client(&mut self, lane: usize, at: u64, until: u64) -> u64 {
        let pool = &mut self.clients[lane];
        let free = pool.iter().position(|client| client.free_at <= at).unwrap_or_else(|| {
            pool.push(Client { pid: 0, free_at: 0, uses: 0 });
            pool.len() - 1
        });
        let client = &mut pool[free];
        if client.uses.is_multiple_of(100) {
            self.next_pid += 1;
            client.pid = self.next_pid;
        }
        (client.free_at, client.uses) = (until, client.uses + 1);
        client.pid
    }

    /// The message enters the active queue, and is delivered or not.
    fn attempt(&mut self, at: u64, message: Message, random: &mut Random, log: &mut Log) {
        let Message { number, id, .. } = &message;
        let size = 3000 + number * 37 % 9000;
        let bounce = number % 4;
        daemon(
            log,
            at,
            "qmgr[3701]",
            format!("{id}: from=<b+r.{number}@bounce{bounce}.example.com>, size={size}, nrcpt=1 (queue active)"),
        );
        let is_gmail = number % 5 < 3;
        if is_gmail && self.storm && random.percent(95) {
            return suspend(at + 5, &message, random, log);
        }
        if is_gmail && self.is_deferred(at, message.lane) && random.percent(90) {
            return self.fail(at, message, random, log);
        }
        if is_gmail && random.below(130) == 0 {
            return self.bounce(at, &message, random, log);
        }
        self.deliver(at, &message, is_gmail, random, log);
    }

    fn deliver(&mut self, at: u64, message: &Message, is_gmail: bool, random: &mut Random, log: &mut Log) {
        let (set_up, transfer) = (100 + random.below(400), 100 + random.below(1000));
        let end = at + set_up + transfer;
        let client = Said::by(message.lane, self.client(message.lane, at, end + 1));
        let (domain, host, ip, reply) = if is_gmail {
            let (host, ip) = GMAIL[(random.below(10) / 6) as usize];
            ("gmail.com", host, ip, format!("250 2.0.0 OK  {} {} - gsmtp", end / 1000, token(random)))
        } else {
            let (domain, host, ip, reply) = OTHERS[(message.number % 5) as usize % 3];
            (domain, host, ip, reply.to_owned())
        };
        if random.percent(96) {
            client.established(log, at + set_up, host, ip);
        }
        let Message { number, id, came, .. } = message;
        let (delay, set_up, transfer) = (seconds(end - came), seconds(set_up), seconds(transfer));
        let before = seconds(at - came);
        client.say(
            log,
            end,
            Tells::Delivered,
            &format!(
                "{id}: to=<base.r{number:06}.lab@{domain}>, relay={host}[{ip}]:25, delay={delay}, delays={before}/0/{set_up}/{transfer}, dsn=2.0.0, status=sent ({reply})"
            ),
        );
        daemon(log, end, "qmgr[3701]", format!("{id}: removed"));
    }

    fn bounce(&mut self, at: u64, message: &Message, random: &mut Random, log: &mut Log) {
        let client = Said::by(message.lane, self.client(message.lane, at, at + 600));
        let ((host, ip), Message { number, id, .. }) = (GMAIL[0], message);
        client.established(log, at + 300, host, ip);
        client.say(log, at + 540, Tells::Bounced, &format!(
            "{id}: to=<nouser{number:05}@gmail.com>, relay={host}[{ip}]:25, delay=0.54, delays=0/0/0.35/0.18, dsn=5.1.1, status=bounced (host {host}[{ip}] said: 550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. For more information, go to 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser {} - gsmtp (in reply to RCPT TO command))",
            token(random)
        ));
        let notice = format!("C{}", &id[1..]);
        daemon(log, at + 545, "cleanup[13845]", format!("{notice}: message-id=<20261124.{notice}@mta1.example.com>"));
        daemon(log, at + 550, "bounce[13995]", format!("{id}: sender non-delivery notification: {notice}"));
        daemon(log, at + 552, "qmgr[3701]", format!("{notice}: from=<>, size=3077, nrcpt=1 (queue active)"));
        daemon(log, at + 555, "qmgr[3701]", format!("{id}: removed"));
        daemon(
            log,
            at + 560,
            "discard[13996]",
            format!(
                "{notice}: to=<b+r.{number}@bounce2.example.com>, relay=none, delay=0.01, delays=0/0.01/0/0, dsn=2.0.0, status=sent (bounce)"
            ),
        );
        daemon(log, at + 561, "qmgr[3701]", format!("{notice}: removed"));
    }

    /// Five hosts, one after the other; the last of them ends the attempt.
    fn fail(&mut self, at: u64, message: Message, random: &mut Random, log: &mut Log) {
        let end = at + TRY_MS * GMAIL.len() as u64;
        let client = Said::by(message.lane, self.client(message.lane, at, end + 1));
        let Message { number, id, came, .. } = &message;
        for (n, (host, ip)) in (1..).zip(GMAIL) {
            let then = at + TRY_MS * n;
            let reason = client.fails(log, then, (host, ip), random);
            if n < GMAIL.len() as u64 {
                client.say(log, then, Tells::Nothing, &format!("{id}: {reason}"));
                continue;
            }
            let (delay, before) = (seconds(then - came), seconds(at - came));
            client.say(log, then, Tells::Deferred, &format!(
                "{id}: to=<base.r{number:06}.lab@gmail.com>, relay={host}[{ip}]:25, delay={delay}, delays={before}/0/1.8/0, dsn=4.7.0, status=deferred ({reason})"
            ));
        }
        self.deferred.insert((at + 300_000 + random.below(300_000), *number), message);
    }
}

/// `postfix/error`, for a destination that qmgr calls dead.
fn suspend(at: u64, message: &Message, random: &mut Random, log: &mut Log) {
    let ((host, ip), Message { number, id, .. }) = (GMAIL[(message.number % 5) as usize], message);
    let pid = 14_000 + number % 7;
    let line = format!(
        "{id}: to=<base.r{number:06}.lab@gmail.com>, relay=none, delay=0.01, delays=0/0.01/0/0, dsn=4.7.0, status=deferred (delivery temporarily suspended: host {host}[{ip}] refused to talk to me: 421 4.7.0 Temporary System Problem.  Try again later (3). {} - gsmtp)",
        token(random)
    );
    log.say(at, Tells::Deferred, format!("{} postfix/error[{pid}]: {line}", stamp(at)));
}

/// One SMTP client, as it signs its lines.
struct Said(String);

impl Said {
    fn by(lane: usize, pid: u64) -> Self {
        Self(format!("postfix-ip{}/smtp[{pid}]", lane + 1))
    }

    fn say(&self, log: &mut Log, at: u64, tells: Tells, text: &str) {
        log.say(at, tells, format!("{} {}: {text}", stamp(at), self.0));
    }

    fn established(&self, log: &mut Log, at: u64, host: &str, ip: &str) {
        self.say(log, at, Tells::Nothing, &format!(
            "Trusted TLS connection established to {host}[{ip}]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256"
        ));
    }

    /// The lines before the end of a failed try, and its reason.
    fn fails(&self, log: &mut Log, at: u64, (host, ip): (&str, &str), random: &mut Random) -> String {
        const HANDSHAKE: &str = "Cannot start TLS: handshake failure";
        match random.below(100) {
            0..38 => format!(
                "host {host}[{ip}] refused to talk to me: 421 4.7.0 Temporary System Problem.  Try again later (3). {} - gsmtp",
                token(random)
            ),
            38..58 => {
                self.say(log, at, Tells::Nothing, &format!("SSL_connect error to {host}[{ip}]:25: lost connection"));
                HANDSHAKE.to_owned()
            }
            58..64 => {
                self.say(
                    log,
                    at,
                    Tells::Nothing,
                    &format!("SSL_connect error to {host}[{ip}]:25: Connection reset by peer"),
                );
                HANDSHAKE.to_owned()
            }
            64..68 => {
                self.say(log, at, Tells::Nothing, &format!("SSL_connect error to {host}[{ip}]:25: -1"));
                self.say(log, at, Tells::Nothing, "warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:");
                HANDSHAKE.to_owned()
            }
            68..88 => {
                self.established(log, at - 40, host, ip);
                format!("lost connection with {host}[{ip}] while sending RCPT TO")
            }
            88..96 => {
                self.established(log, at - 40, host, ip);
                format!(
                    "host {host}[{ip}] said: 421 4.7.0 Temporary System Problem.  Try again later (3). {} - gsmtp (in reply to MAIL FROM command)",
                    token(random)
                )
            }
            _ => format!("lost connection with {host}[{ip}] while receiving the initial server greeting"),
        }
    }
}

impl Mix for Postfix {
    fn pace_ms(&self) -> u64 {
        if self.fleet { 1000 } else { 10 }
    }

    fn message(&mut self, at: u64, random: &mut Random, log: &mut Log) {
        while let Some(next) = self.deferred.first_entry().filter(|next| next.key().0 <= at) {
            let ((due, _), message) = next.remove_entry();
            self.attempt(due, message, random, log);
        }
        self.messages += 1;
        let number = self.messages;
        let id = format!("{:05X}{:05X}", at % 1000 * 1000 + random.below(1000), 0x10_000 + number % 0xE_FFFF);
        let pid = 3800 + number % 9;
        daemon(log, at, &format!("smtpd[{pid}]"), format!("{id}: client=unknown[127.0.0.1]"));
        daemon(
            log,
            at,
            "cleanup[13845]",
            format!("{id}: message-id=<baseline.{number:06}.1795492003@news.example.com>"),
        );
        let lane = if self.fleet { random.below(64) } else { random.below(5) / 2 } as usize;
        self.attempt(at + 20, Message { number, id, came: at, lane }, random, log);
    }
}

fn daemon(log: &mut Log, at: u64, process: &str, text: String) {
    log.say(at, Tells::Nothing, format!("{} postfix/{process}: {text}", stamp(at)));
}

/// Stamp and host.
fn stamp(at: u64) -> String {
    let (month, day, hour, minute, second) = civil(at);
    let month = if month == 11 { "Nov" } else { "Dec" };
    format!("{month} {day:2} {hour:02}:{minute:02}:{second:02} mta1")
}

/// Two digits, as Postfix writes delays.
fn seconds(ms: u64) -> String {
    match ms {
        0..10 => "0".to_owned(),
        10..10_000 => format!("{}.{:02}", ms / 1000, ms % 1000 / 10),
        _ => (ms / 1000).to_string(),
    }
}
