//! A token has one form. Whatever differs from a good token in a byte is refused, be it signed or not, and the good one
//! stays good.
//!
//! What is cached or denied by its text depends on that: a second spelling of one token would be a second token.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    alphabet::URL_SAFE as ALPHABET,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
    },
};
use http::StatusCode;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use st_m2m::{JwksSource, SigningKey};
use st_m2m_tests::jwt::{self, claims, header};
use tokio::runtime::Runtime;

use crate::{service::Service, signer::Signer};

/// The same cases in every run.
fn run<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(strategy, test) {
        panic!("{error}");
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// How a request with `token` is answered.
fn status(runtime: &Runtime, service: &Service, token: &[u8]) -> StatusCode {
    let value = [b"Bearer ", token].concat();
    runtime.block_on(service.get("/any", &[&value])).status
}

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Substitute(Index, u8),
    Insert(Index, u8),
    Delete(Index),
    Swap(Index, Index),
    Append(Vec<u8>),
    Cut(Index),
    /// Flips the case of a letter.
    Case(Index),
    /// Adds `=` to the end of a segment.
    Pad(usize, usize),
    /// Writes a segment in the alphabet of RFC 4648 section 4.
    OtherAlphabet(usize),
    /// Sets bits of a segment's last character that decode to nothing, or other bits where there are none such.
    TrailingBits(usize, u8),
    /// Puts a segment elsewhere.
    Move(usize, usize),
}

impl Change {
    fn apply(&self, token: &mut Vec<u8>) {
        let mut segments: Vec<Vec<u8>> =
            token.split(|it| *it == b'.').map(<[u8]>::to_vec).collect();
        let count = segments.len();
        match self {
            _ if token.is_empty() => {}
            Self::Substitute(at, byte) => *at.get_mut(token) = *byte,
            Self::Insert(at, byte) => token.insert(at.index(token.len() + 1), *byte),
            Self::Delete(at) => drop(token.remove(at.index(token.len()))),
            Self::Swap(one, other) => {
                let (one, other) = (one.index(token.len()), other.index(token.len()));
                token.swap(one, other);
            }
            Self::Append(bytes) => token.extend(bytes),
            Self::Cut(at) => token.truncate(at.index(token.len())),
            Self::Case(at) => {
                let byte = at.get_mut(token);
                if byte.is_ascii_alphabetic() {
                    *byte ^= 0x20;
                }
            }
            Self::Pad(segment, times) => {
                segments[segment % count].extend(std::iter::repeat_n(b'=', *times));
                *token = segments.join(&b'.');
            }
            Self::OtherAlphabet(segment) => {
                for byte in &mut segments[segment % count] {
                    match byte {
                        b'-' => *byte = b'+',
                        b'_' => *byte = b'/',
                        _ => {}
                    }
                }
                *token = segments.join(&b'.');
            }
            Self::TrailingBits(segment, bits) => {
                if let Some(last) = segments[segment % count].last_mut() {
                    *last = with_bits(*last, *bits);
                }
                *token = segments.join(&b'.');
            }
            Self::Move(from, to) => {
                let segment = segments.remove(from % count);
                segments.insert(to % count, segment);
                *token = segments.join(&b'.');
            }
        }
    }
}

/// A character of the alphabet with some of its six bits flipped; any other as it is.
fn with_bits(character: u8, bits: u8) -> u8 {
    let alphabet = ALPHABET.as_str().as_bytes();
    match alphabet.iter().position(|it| *it == character) {
        Some(value) => alphabet[value ^ usize::from(bits)],
        None => character,
    }
}

/// Bytes that a header's value can have, those of tokens above all.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        6 => select(ALPHABET.as_str().as_bytes()),
        2 => select(&b".=+/~ \t"[..]),
        1 => 0x20..=0x7e_u8,
        1 => 0x80..=0xff_u8,
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), byte()).prop_map(|(at, byte)| Change::Substitute(at, byte)),
        2 => (index(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        2 => index().prop_map(Change::Delete),
        2 => (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => vec(byte(), 1..8).prop_map(Change::Append),
        1 => index().prop_map(Change::Cut),
        1 => index().prop_map(Change::Case),
        2 => (0..3_usize, 1..4_usize).prop_map(|(segment, times)| Change::Pad(segment, times)),
        1 => (0..3_usize).prop_map(Change::OtherAlphabet),
        2 => (0..3_usize, 1..16_u8).prop_map(|(segment, bits)| Change::TrailingBits(segment, bits)),
        1 => (0..3_usize, 0..3_usize).prop_map(|(from, to)| Change::Move(from, to)),
    ]
}

/// Headers and payloads of every length modulo 3, so that their last characters have none, two and four bits that decode
/// to nothing.
fn lengths() -> impl Iterator<Item = (Value, Value)> {
    (0..9).map(|number| {
        let (mut header, mut claims) = (header(), claims());
        header["pad"] = "x".repeat(number / 3).into();
        claims["pad"] = "ÿ?".repeat(number % 3).into();
        (header, claims)
    })
}

#[test]
fn what_differs_from_a_good_token_in_a_byte_is_refused() {
    let runtime = runtime();
    let service = runtime.block_on(Service::start());
    let tokens: Vec<_> = lengths()
        .map(|(header, claims)| jwt::sign(&service.core, SigningKey::Static, &header, &claims))
        .collect();
    run(
        1000,
        &(select(tokens), vec(change(), 1..=3)),
        |(token, changes)| {
            let mut changed = token.clone().into_bytes();
            for change in &changes {
                change.apply(&mut changed);
            }
            // Spaces before the token are the header's, and there may be several (RFC 9110 section 11.4).
            let spaces = changed.iter().take_while(|it| **it == b' ').count();
            prop_assume!(&changed[spaces..] != token.as_bytes());
            prop_assert_eq!(status(&runtime, &service, token.as_bytes()), 200);
            prop_assert_eq!(status(&runtime, &service, &changed), 401);
            prop_assert_eq!(status(&runtime, &service, token.as_bytes()), 200);
            Ok(())
        },
    );
}

/// How bytes are written. All but the first are what lenient decoders take for the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Canonical,
    Padded,
    StandardAlphabet,
    StandardAlphabetPadded,
    /// With these bits of the last character set, where they decode to nothing.
    TrailingBits(u8),
    /// With a space at this place.
    Space(usize),
    Tab(usize),
    /// With one `=` alone.
    HalfPadded,
    /// With a character of no alphabet.
    Tilde(usize),
}

/// Takes everything that some decoder takes: both alphabets, any padding, white space and other characters, and bits that
/// decode to nothing.
fn decode_leniently(text: &str) -> Vec<u8> {
    static LENIENT: LazyLock<GeneralPurpose> = LazyLock::new(|| {
        let config = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone);
        GeneralPurpose::new(&ALPHABET, config)
    });
    let text: String = text
        .chars()
        .filter(|it| !matches!(it, '=' | ' ' | '\t' | '~'))
        .map(|it| match it {
            '+' => '-',
            '/' => '_',
            it => it,
        })
        .collect();
    LENIENT.decode(text).expect("base64")
}

impl Spelling {
    fn of(self, bytes: &[u8]) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Canonical => {}
            Self::Padded => return URL_SAFE.encode(bytes),
            Self::StandardAlphabet => return STANDARD_NO_PAD.encode(bytes),
            Self::StandardAlphabetPadded => return STANDARD.encode(bytes),
            Self::TrailingBits(bits) => {
                let unused = [0, 0, 0b1111, 0b11][text.len() % 4];
                let last = text.pop().expect("not empty");
                let last = u8::try_from(last).expect("ASCII");
                text.push(with_bits(last, bits & unused).into());
            }
            Self::Space(at) => text.insert(at % (text.len() + 1), ' '),
            Self::Tab(at) => text.insert(at % (text.len() + 1), '\t'),
            Self::HalfPadded => text.push('='),
            Self::Tilde(at) => text.insert(at % (text.len() + 1), '~'),
        }
        text
    }
}

fn spelling() -> impl Strategy<Value = Spelling> {
    let at = 0..500_usize;
    prop_oneof![
        12 => Just(Spelling::Canonical),
        1 => Just(Spelling::Padded),
        1 => Just(Spelling::StandardAlphabet),
        1 => Just(Spelling::StandardAlphabetPadded),
        3 => (1..16_u8).prop_map(Spelling::TrailingBits),
        1 => at.clone().prop_map(Spelling::Space),
        1 => at.clone().prop_map(Spelling::Tab),
        1 => Just(Spelling::HalfPadded),
        1 => at.prop_map(Spelling::Tilde),
    ]
}

/// Of all texts that decode to one header, one payload and a good signature of them, as they are spelled, one is a token.
#[test]
fn a_token_has_one_spelling() {
    let runtime = runtime();
    let issuer = Signer::shared();
    let jwks = json!({"keys": [issuer.jwk()]}).to_string();
    let service = runtime.block_on(Service::with(|config| {
        config.jwks(JwksSource::Document(jwks))
    }));
    let contents: Vec<_> = lengths()
        .map(|(mut header, claims)| {
            header["kid"] = issuer.key_id().into();
            (header.to_string(), claims.to_string())
        })
        .collect();
    let spellings = [spelling(), spelling(), spelling()];
    run(
        300,
        &(select(contents), spellings),
        |(content, spellings)| {
            let (header, payload) = (content.0.as_bytes(), content.1.as_bytes());
            let signed = format!("{}.{}", spellings[0].of(header), spellings[1].of(payload));
            let signature = issuer.sign(&signed);
            let token = format!("{signed}.{}", spellings[2].of(&signature));

            let decoded: Vec<_> = token.split('.').map(decode_leniently).collect();
            prop_assert_eq!(&decoded, &[header, payload, &signature]);
            prop_assert!(issuer.signed(&signed, &decoded[2]));

            let canonical = [header, payload, &signature]
                .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
                .join(".");
            let expected = if token == canonical { 200 } else { 401 };
            prop_assert_eq!(status(&runtime, &service, token.as_bytes()), expected);
            Ok(())
        },
    );
}
