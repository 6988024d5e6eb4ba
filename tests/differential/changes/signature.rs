//! The bytes of the signature.

use super::Change;
use crate::{
    draft::Draft,
    keys::{IssuerKey, Keys, Signing},
};

type Bytes = Vec<u8>;
type Rewrite = fn(Bytes, &Keys) -> Bytes;

pub(super) fn changes() -> Vec<Change> {
    const ABOUT: &str = "signature";
    const TOUCHES: &[&str] = &["signature"];
    let table: &[(&str, Rewrite)] = &[
        ("empty", |_, _| Vec::new()),
        ("one byte", |_, _| vec![1]),
        ("text", |_, _| b"signature".to_vec()),
        ("zeros", |_, _| vec![0; 256]),
        ("ones", |_, _| vec![0xff; 256]),
        ("the number one", |_, _| [vec![0; 255], vec![1]].concat()),
        ("the modulus", |_, keys| keys.raw_modulus()),
        ("a zero byte before", |signature, _| {
            [vec![0], signature].concat()
        }),
        ("a zero byte after", |signature, _| {
            [signature, vec![0]].concat()
        }),
        ("without its first byte", |signature, _| {
            signature[1..].to_vec()
        }),
        ("without its last byte", |signature, _| {
            signature[..255].to_vec()
        }),
        ("twice", |signature, _| {
            [signature.clone(), signature].concat()
        }),
        ("backwards", |signature, _| {
            signature.into_iter().rev().collect()
        }),
        ("plus the modulus", |signature, keys| {
            plus(&signature, &keys.raw_modulus())
        }),
        ("its complement to the modulus", |signature, keys| {
            minus(&keys.raw_modulus(), &signature)
        }),
        ("half of it", |signature, _| signature[..128].to_vec()),
        ("one bit less", |mut signature, _| {
            signature[255] ^= 1;
            signature
        }),
        ("one bit more at the start", |mut signature, _| {
            signature[0] ^= 0x80;
            signature
        }),
    ];
    let mut changes: Vec<_> = table
        .iter()
        .map(|&(what, rewrite)| {
            Change::new(
                ABOUT,
                TOUCHES,
                format!("signature: {what}"),
                move |draft: &mut Draft| {
                    draft.signature.push(Box::new(rewrite));
                },
            )
        })
        .collect();
    for key in [IssuerKey::Static, IssuerKey::Raw] {
        changes.push(Change::new(
            ABOUT,
            TOUCHES,
            format!("signature: a foreign key's, in place of {key:?}"),
            move |draft| {
                draft.key = key;
                draft.signing = Signing::ForeignKey;
            },
        ));
    }
    changes
}

/// The sum of two big-endian numbers of the same length.
fn plus(one: &[u8], other: &[u8]) -> Bytes {
    let mut sum = Vec::new();
    let mut carry = 0;
    for (one, other) in one.iter().zip(other).rev() {
        let [high, low] = (u16::from(*one) + u16::from(*other) + carry).to_be_bytes();
        sum.push(low);
        carry = u16::from(high);
    }
    if carry > 0 {
        sum.push(1);
    }
    sum.reverse();
    sum
}

/// The difference of two big-endian numbers of the same length, of which the first is the greater.
fn minus(one: &[u8], other: &[u8]) -> Bytes {
    let mut difference = Vec::new();
    let mut borrow = 0;
    for (one, other) in one.iter().zip(other).rev() {
        let place = 256 + u16::from(*one) - u16::from(*other) - borrow;
        let [high, low] = place.to_be_bytes();
        difference.push(low);
        borrow = 1 - u16::from(high);
    }
    difference.reverse();
    difference
}
