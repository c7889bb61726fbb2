//! Where a value stands in case.yaml: `sources[1].zone`.

use std::fmt;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a mapping, by key.
    Key(String),
    /// Into a list, by position from zero.
    Item(usize),
}

/// The steps from the top of the file to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// One step further, by key.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// One step further, by position.
    #[must_use]
    pub fn item(&self, at: usize) -> Self {
        self.then(Step::Item(at))
    }

    /// The steps, outermost first.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    /// Dots and brackets; a key with other characters than letters, digits, `_` and `-` is quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(at) => write!(f, "[{at}]")?,
                Step::Key(key) => {
                    if depth > 0 {
                        f.write_str(".")?;
                    }
                    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
                    if plain { f.write_str(key)? } else { write!(f, "{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn reads_like_code() {
        let path = Path::default().key("sources").item(1).key("columns").key("tx bytes").key("signal");
        assert_eq!(path.to_string(), "sources[1].columns.\"tx bytes\".signal");
    }
}
