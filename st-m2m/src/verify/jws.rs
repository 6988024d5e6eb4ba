//! The compact serialisation of a signed JWT (RFC 7515 §7.1), read strictly.

use base64::{Engine, decoded_len_estimate, engine::general_purpose::NO_PAD};

use super::{Reason, TokenKind};

/// Longer tokens are refused unread.
pub(crate) const TOKEN_BYTES: usize = 8 * 1024;

/// The compact serialisation of any JWS, taken apart: header and payload need not be text.
#[derive(Debug)]
pub(super) struct Segments<'t> {
    /// Header and payload as they were signed.
    pub(super) signing_input: &'t [u8],
    pub(super) signature: Vec<u8>,
    /// The payload, then the header: one allocation instead of two, of which the payload is kept.
    bytes: Vec<u8>,
    /// Where in `bytes` the header begins.
    header_start: usize,
}

/// A token, taken apart but not verified.
#[derive(Debug)]
pub(crate) struct Jws<'t> {
    /// Header and payload as they were signed.
    pub(crate) signing_input: &'t [u8],
    pub(crate) signature: Vec<u8>,
    /// The payload, then the header.
    text: String,
    /// Where in `text` the header begins.
    header_start: usize,
}

impl<'t> Segments<'t> {
    /// Splits and decodes a token. Only canonical base64url without padding passes, so that a token has one
    /// spelling.
    pub(super) fn split(token: &'t str) -> Result<Self, Reason> {
        if token.len() > TOKEN_BYTES {
            return Err(Reason::TokenTooLong);
        }
        if TokenKind::is_old_session(token) {
            return Err(Reason::WrongKind(TokenKind::Session));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Reason::MalformedToken)?;
        let (header, payload) = signing_input
            .split_once('.')
            .ok_or(Reason::MalformedToken)?;
        // The estimate holds each segment with room to spare, so nothing is moved.
        let mut bytes = Vec::with_capacity(decoded_len_estimate(signing_input.len()));
        decode(payload, &mut bytes)?;
        let header_start = bytes.len();
        decode(header, &mut bytes)?;
        let mut signature_bytes = Vec::new();
        decode(signature, &mut signature_bytes)?;
        Ok(Self {
            signing_input: signing_input.as_bytes(),
            signature: signature_bytes,
            bytes,
            header_start,
        })
    }

    #[cfg(test)]
    pub(super) fn header(&self) -> &[u8] {
        &self.bytes[self.header_start..]
    }
}

/// Canonical base64url without padding. Decoding is a large part of what a verification costs beside the signature, so
/// the engine with vector instructions is used where there is one; where the machine lacks them it is the plain one.
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
static BASE64URL: std::sync::LazyLock<base64::engine::Simd> =
    std::sync::LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
)))]
static BASE64URL: base64::engine::GeneralPurpose =
    base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD);

fn decode(segment: &str, bytes: &mut Vec<u8>) -> Result<(), Reason> {
    BASE64URL
        .decode_vec(segment, bytes)
        .map_err(|_| Reason::MalformedToken)
}

impl<'t> Jws<'t> {
    /// Splits and decodes a token whose header and payload are text, as those of every JWT are.
    pub(crate) fn split(token: &'t str) -> Result<Self, Reason> {
        let Segments {
            signing_input,
            signature,
            bytes,
            header_start,
        } = Segments::split(token)?;
        let text = String::from_utf8(bytes).map_err(|_| Reason::MalformedToken)?;
        // Half a character at the end of the one and half at the start of the other are no text.
        if !text.is_char_boundary(header_start) {
            return Err(Reason::MalformedToken);
        }
        Ok(Self {
            signing_input,
            signature,
            text,
            header_start,
        })
    }

    /// JSON text.
    pub(crate) fn header(&self) -> &str {
        &self.text[self.header_start..]
    }

    /// JSON text.
    pub(crate) fn payload(&self) -> &str {
        &self.text[..self.header_start]
    }

    /// JSON text.
    pub(crate) fn into_payload(mut self) -> String {
        self.text.truncate(self.header_start);
        self.text
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn only_three_canonical_segments_are_a_token() {
        let good = format!("{}.{}.{}", encode("{}"), encode("{}"), encode("s"));
        assert!(Jws::split(&good).is_ok());
        for bad in [
            String::new(),
            "a".to_owned(),
            ".".to_owned(),
            format!("{good}."),
            format!("{good}.{}", encode("x")),
            format!(".{good}"),
            format!("{good}="),
            format!("{good}=="),
            format!("{} .{}.{}", encode("{}"), encode("{}"), encode("s")),
            // "e31" decodes to the same bytes as the canonical "e30" in lenient decoders.
            format!("e31.{}.{}", encode("{}"), encode("s")),
            format!("{}.{}.cw+/", encode("{}"), encode("{}")),
            format!(
                "{}.{}.{}",
                URL_SAFE_NO_PAD.encode([0xff]),
                encode("{}"),
                encode("s")
            ),
        ] {
            assert_eq!(
                Jws::split(&bad).map(|_| ()),
                Err(Reason::MalformedToken),
                "{bad}"
            );
        }
        let long = "a".repeat(TOKEN_BYTES + 1);
        assert_eq!(Jws::split(&long).map(|_| ()), Err(Reason::TokenTooLong));
    }

    /// With vector instructions and without, the same texts are base64url and mean the same bytes: any character at
    /// any place of a segment, whichever way it is cut into vectors.
    #[test]
    fn segments_decode_as_they_do_without_vector_instructions() {
        let plain = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| ());
        let ours = |segment: &str| {
            let mut bytes = Vec::new();
            decode(segment, &mut bytes).map(|()| bytes).map_err(|_| ())
        };
        for length in 96..100 {
            let good: String = encode("\u{fb}any \u{2192} text? ~")
                .chars()
                .cycle()
                .take(length)
                .collect();
            for place in 0..length {
                for odd in '\0'..='\u{ff}' {
                    let (head, tail) = (&good[..place], &good[place + 1..]);
                    let segment = format!("{head}{odd}{tail}");
                    assert_eq!(ours(&segment), plain(&segment), "{segment:?}");
                }
            }
        }
    }

    /// Two halves of a character, at the end of the one segment and at the start of the other, are no text.
    #[test]
    fn segments_are_text_each_for_itself() {
        let [first, second] = [0xc3, 0xa9];
        let join = |header: &[u8], payload: &[u8]| {
            let [header, payload] = [header, payload].map(|it| URL_SAFE_NO_PAD.encode(it));
            format!("{header}.{payload}.{}", encode("s"))
        };
        for (header, payload) in [
            (&[second, b'{', b'}'][..], &[b'{', b'}', first][..]),
            (&[b'{', b'}', first], &[second, b'{', b'}']),
        ] {
            let token = join(header, payload);
            assert_eq!(
                Jws::split(&token).map(|_| ()),
                Err(Reason::MalformedToken),
                "{token}"
            );
        }
        let token = join("{\"\u{e9}\":1}".as_bytes(), "{\"\u{20ac}\":2}".as_bytes());
        let jws = Jws::split(&token).expect("a token");
        assert_eq!(
            (jws.header(), jws.payload()),
            ("{\"\u{e9}\":1}", "{\"\u{20ac}\":2}")
        );
        assert_eq!(jws.into_payload(), "{\"\u{20ac}\":2}");
    }
}
