//! JSON values out of a stream, by their braces and quotes.

use memchr::memchr3;

use super::super::plan::{Json, List};
use super::{Cut, What};

/// Cuts values, and the elements of lists, out of blocks.
pub(in super::super) struct JsonCutter {
    by_line: bool,
    lists: Vec<Vec<u8>>,
    longest: usize,
    /// The line being read, 1-based.
    line: u64,
    /// The list whose elements are being read.
    inside: List,
    state: State,
    /// What the blocks before held of an open value.
    carry: Vec<u8>,
    /// The last byte that was no blank, and whether a line has just begun.
    last: u8,
    fresh_line: bool,
}

/// Where the reading stands.
enum State {
    /// Between values.
    Between,
    /// In something that is no value.
    Junk,
    Value(Value),
}

/// A value that has begun.
#[derive(Default)]
struct Value {
    first_line: u64,
    depth: u32,
    in_text: bool,
    escaped: bool,
    /// Its elements were or will be told, or it is too long: it is not told itself.
    silent: bool,
    too_long: bool,
    /// The last text at its first level: the key of what comes next.
    key: Vec<u8>,
}

impl Value {
    /// Follows a text to its quote, to a backslash or past what one escapes, or to a line end,
    /// which is none of a text: the byte after that, and whether it was a line end. Nothing
    /// when the block ends before.
    fn text(&mut self, block: &[u8], at: usize, names_lists: bool) -> Option<(usize, bool)> {
        if std::mem::take(&mut self.escaped) {
            return Some((at + 1, block.get(at) == Some(&b'\n')));
        }
        let found = memchr3(b'"', b'\\', b'\n', block.get(at..)?).map(|n| at + n);
        let end = found.unwrap_or(block.len());
        if names_lists && self.depth == 1 && self.key.len() < LONGEST_KEY {
            self.key.extend_from_slice(block.get(at..end)?);
        }
        let stop = *block.get(found?)?;
        self.in_text = stop != b'"';
        self.escaped = stop == b'\\';
        Some((end + 1, stop == b'\n'))
    }
}

/// A key may be so long and name a list.
const LONGEST_KEY: usize = 64;

/// What a step of the scan came to, at the byte after it.
enum Ended {
    /// The block ended before.
    Open,
    Whole(usize),
    /// A list begins whose elements are read one by one.
    List(usize, usize),
    /// A line end in a text, or a new value inside this one: it never ended.
    Broken(usize),
}

impl JsonCutter {
    pub(super) fn new(json: &Json, longest: usize) -> Self {
        Self {
            by_line: json.by_line,
            lists: json.lists.clone(),
            longest,
            line: 1,
            inside: List::None,
            state: State::Between,
            carry: Vec::new(),
            last: 0,
            fresh_line: true,
        }
    }

    pub(super) fn feed(&mut self, block: &[u8], take: &mut dyn FnMut(Cut<'_>)) {
        let mut at = 0;
        while at < block.len() {
            at = match self.state {
                State::Between => self.between(block, at, take),
                State::Junk => self.junk(block, at, take),
                State::Value(_) => self.value(block, at, take),
            };
        }
    }

    pub(super) fn end(&mut self, take: &mut dyn FnMut(Cut<'_>)) {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => {}
            State::Junk => self.tell(What::Broken, self.line, &[], take),
            State::Value(value) if value.silent && !value.too_long => {}
            State::Value(value) => self.tell(What::Broken, value.first_line, &[], take),
        }
        self.inside = List::None;
    }

    fn tell(&mut self, what: What, number: u64, rest: &[u8], take: &mut dyn FnMut(Cut<'_>)) {
        let trimmed = |text| if what == What::Broken { without_line_end(text) } else { text };
        if self.carry.is_empty() {
            take(Cut { text: trimmed(rest), number, units: 1, what });
        } else {
            self.carry.extend_from_slice(rest);
            take(Cut { text: trimmed(&self.carry), number, units: 1, what });
            self.carry.clear();
        }
    }

    /// A line has ended where no value was open.
    fn line_end(&mut self) {
        self.line += 1;
        self.fresh_line = true;
        if self.by_line {
            self.inside = List::None;
        }
    }

    fn between(&mut self, block: &[u8], at: usize, take: &mut dyn FnMut(Cut<'_>)) -> usize {
        match block[at] {
            b'\n' => self.line_end(),
            // A record separator begins the values of JSON text sequences (RFC 7464).
            byte if byte.is_ascii_whitespace() || matches!(byte, b',' | 0x1e) => {}
            b'[' if self.inside == List::None => self.inside = List::Root,
            b']' if self.inside != List::None => {
                // The object around the list goes on; the list was all of it that is read.
                if matches!(std::mem::replace(&mut self.inside, List::None), List::Member(_)) {
                    self.state = State::Value(Value { depth: 1, silent: true, ..Value::default() });
                }
            }
            b'{' | b'[' => {
                self.state = State::Value(Value { first_line: self.line, ..Value::default() });
                return self.value(block, at, take);
            }
            _ => {
                self.state = State::Junk;
                return at;
            }
        }
        at + 1
    }

    /// What is no value ends with its line, or where a value begins.
    fn junk(&mut self, block: &[u8], at: usize, take: &mut dyn FnMut(Cut<'_>)) -> usize {
        let listed = self.inside != List::None;
        let ends = |b: &u8| matches!(b, b'\n' | b'{' | b'[') || listed && matches!(b, b',' | b']');
        let Some(length) = block[at..].iter().position(ends) else {
            self.keep(&block[at..]);
            return block.len();
        };
        self.state = State::Between;
        let end = at + length;
        if matches!(block[end], b'{' | b'[') {
            // Words before a value on its line: a prefix of some logger.
            self.carry.clear();
        } else {
            self.tell(What::Broken, self.line, &block[at..end], take);
        }
        end
    }

    fn value(&mut self, block: &[u8], at: usize, take: &mut dyn FnMut(Cut<'_>)) -> usize {
        let ended = self.scan(block, at);
        let State::Value(value) = &mut self.state else { return block.len() };
        let (number, silent) = (value.first_line, value.silent && !value.too_long);
        let told = match ended {
            Ended::Open => {
                self.keep(&block[at..]);
                return block.len();
            }
            Ended::Whole(end) => {
                let length = self.carry.len() + (end - at);
                let fits = !value.too_long && length <= self.longest;
                let what = if fits { What::Record(self.inside) } else { What::Broken };
                (end, what)
            }
            Ended::List(end, list) => {
                self.inside = List::Member(list);
                self.carry.clear();
                self.state = State::Between;
                return end;
            }
            Ended::Broken(end) => {
                if self.by_line {
                    self.inside = List::None;
                }
                (end, What::Broken)
            }
        };
        self.state = State::Between;
        if silent {
            self.carry.clear();
        } else {
            self.tell(told.1, number, &block[at..told.0], take);
        }
        told.0
    }

    /// Follows the open value through a block.
    fn scan(&mut self, block: &[u8], from: usize) -> Ended {
        let State::Value(value) = &mut self.state else { return Ended::Open };
        let names_lists = self.inside == List::None && !self.lists.is_empty();
        let mut at = from;
        while let Some(byte) = block.get(at) {
            if value.in_text {
                at = match value.text(block, at, names_lists) {
                    Some((next, true)) => {
                        (self.line, self.fresh_line) = (self.line + 1, true);
                        return Ended::Broken(next);
                    }
                    Some((next, false)) => next,
                    None => return Ended::Open,
                };
                self.last = b'"';
                continue;
            }
            let fresh = std::mem::take(&mut self.fresh_line);
            match byte {
                b'"' => {
                    value.in_text = true;
                    if value.depth == 1 {
                        value.key.clear();
                    }
                }
                // Whoever writes values over several lines indents what stands inside them.
                b'{' if fresh && value.depth > 0 && !matches!(self.last, b':' | b',' | b'[') => {
                    self.fresh_line = true;
                    return Ended::Broken(at);
                }
                b'[' if names_lists && value.depth == 1 && self.last == b':' => {
                    if let Some(list) = self.lists.iter().position(|name| *name == value.key) {
                        return Ended::List(at + 1, list);
                    }
                    value.depth += 1;
                }
                b'{' | b'[' => value.depth += 1,
                b'}' | b']' => {
                    value.depth = value.depth.saturating_sub(1);
                    if value.depth == 0 {
                        self.last = *byte;
                        return Ended::Whole(at + 1);
                    }
                }
                b'\n' => {
                    (self.line, self.fresh_line) = (self.line + 1, true);
                    if self.by_line {
                        return Ended::Broken(at + 1);
                    }
                }
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.last = *byte;
            }
            at += 1;
        }
        Ended::Open
    }

    /// Keeps what a block holds of something that it does not end.
    fn keep(&mut self, part: &[u8]) {
        let too_long = self.carry.len() + part.len() > self.longest;
        match &mut self.state {
            State::Value(value) if value.silent => {}
            State::Value(value) if too_long => {
                (value.silent, value.too_long) = (true, true);
                self.carry.extend_from_slice(part.get(..SAMPLE).unwrap_or(part));
                self.carry.truncate(SAMPLE);
                // An element of a list, once begun, is not looked into again.
                value.key.clear();
            }
            State::Junk if too_long => self.carry.truncate(SAMPLE),
            _ => self.carry.extend_from_slice(part),
        }
    }
}

/// Of what is too long so much is kept to be shown.
const SAMPLE: usize = 300;

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}
