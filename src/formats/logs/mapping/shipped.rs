//! The mappings that casefile brings: one YAML file each, under `mappings/`.

use std::sync::LazyLock;

use super::Mapping;

/// A mapping that casefile brings.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its name.
    pub id: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($id:literal,)+) => {
        /// All of them, in the order in which they are tried.
        pub const SHIPPED: &[Shipped] = &[
            $(Shipped { id: $id, text: include_str!(concat!("../../../../mappings/", $id, ".yaml")) },)+
        ];
    };
}

shipped! {
    "greenarrow",
    "greenarrow-events",
    "halon",
    "halon-emailconsul",
    "haraka-accounting",
    "haraka-outbound-logger",
    "mailerq",
    "mailerq-log",
    "mailgun",
    "momentum-mainlog",
    "postal",
    "sendgrid",
    "ses",
    "sparkpost",
    "zonemta",
}

/// The mappings that casefile brings, read. Each is held to its examples by a test.
#[must_use]
pub fn shipped() -> &'static [Mapping] {
    static READ: LazyLock<Vec<Mapping>> =
        LazyLock::new(|| SHIPPED.iter().filter_map(|shipped| Mapping::read(shipped.text).ok()).collect());
    &READ
}
