//! Chooses the encoding of a body by `Accept-Encoding`.

#![forbid(unsafe_code)]

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// No compression.
    Identity,
    /// gzip.
    Gzip,
    /// brotli.
    Brotli,
}

/// What a client says of each encoding, in thousandths; `None` where it says nothing.
#[derive(Default)]
struct Qualities {
    gzip: Option<u16>,
    brotli: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Encoding {
    /// Its name in `Content-Encoding`; none for identity.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// The encoding for a client with these values of `Accept-Encoding`: gzip where it is accepted, brotli
    /// where only that is, unless the client likes the plain body better. Nobody is refused: who accepts
    /// nothing gets the plain body.
    pub(super) fn choose<'a>(accept: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut said = Qualities::default();
        for element in accept.flat_map(|value| value.split(|byte| *byte == b',')) {
            said.hear(element);
        }
        let gzip = said.gzip.or(said.any).unwrap_or(0);
        let brotli = said.brotli.or(said.any).unwrap_or(0);
        let best = if gzip > 0 { (Self::Gzip, gzip) } else { (Self::Brotli, brotli) };
        match said.identity {
            Some(identity) if identity > best.1 => Self::Identity,
            _ if best.1 == 0 => Self::Identity,
            _ => best.0,
        }
    }
}

impl Qualities {
    fn hear(&mut self, element: &[u8]) {
        let mut parts = element.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(quality_parameter).unwrap_or(1000);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("gzip") || is("x-gzip") {
            self.gzip = Some(quality);
        } else if is("br") {
            self.brotli = Some(quality);
        } else if is("identity") {
            self.identity = Some(quality);
        } else if is("*") {
            self.any = Some(quality);
        }
    }
}

/// Thousandths of a `q=` parameter. One that cannot be read is 0: what was not clearly accepted is not sent.
fn quality_parameter(parameter: &[u8]) -> Option<u16> {
    let (name, value) = parameter.split_at(parameter.iter().position(|byte| *byte == b'=')?);
    if !name.trim_ascii().eq_ignore_ascii_case(b"q") {
        return None;
    }
    let value = std::str::from_utf8(value[1..].trim_ascii()).ok().and_then(|text| text.parse::<f32>().ok());
    Some(value.filter(|value| (0.0..=1.0).contains(value)).map_or(0, |value| (value * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::Encoding::{self, Brotli, Gzip, Identity};

    fn choose(values: &[&str]) -> Encoding {
        Encoding::choose(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn gzip_before_brotli_before_the_plain_body() {
        for (accept, chosen) in [
            (&[][..], Identity),
            (&[""], Identity),
            (&["identity"], Identity),
            (&["gzip"], Gzip),
            (&["GZIP"], Gzip),
            (&["x-gzip"], Gzip),
            (&["gzip, deflate, br"], Gzip),
            (&["br, gzip"], Gzip),
            (&["br;q=1.0, gzip;q=0.2"], Gzip),
            (&["br"], Brotli),
            (&["deflate, br"], Brotli),
            (&["br", "gzip"], Gzip),
            (&["deflate, zstd"], Identity),
            (&["gzipped"], Identity),
        ] {
            assert_eq!(choose(accept), chosen, "{accept:?}");
        }
    }

    #[test]
    fn qualities_are_obeyed() {
        for (accept, chosen) in [
            ("gzip;q=0", Identity),
            ("gzip; q=0.000", Identity),
            ("gzip;q=0, br", Brotli),
            ("gzip;q=0.001", Gzip),
            ("gzip ; Q = 0.5", Gzip),
            ("gzip;q=0.5, identity", Identity),
            ("gzip;q=0.5, identity;q=0.4", Gzip),
            ("gzip, identity", Gzip),
            ("*", Gzip),
            ("*;q=0", Identity),
            ("gzip;q=0, *", Brotli),
            ("gzip;q=0, br;q=0, *", Identity),
            ("identity;q=0", Identity),
            ("identity;q=0, *", Gzip),
            ("identity;q=0, *;q=0", Identity),
            ("gzip;q=2", Identity),
            ("gzip;q=nan", Identity),
            ("gzip;q=", Identity),
            ("gzip;level=9", Gzip),
        ] {
            assert_eq!(choose(&[accept]), chosen, "{accept:?}");
        }
    }
}
