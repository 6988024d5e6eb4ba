//! Keys of a broken generator, whose private halves can be computed from the public ones.

/// The odd primes up to 167.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR: u32 = 65537;

/// Whether a modulus, big-endian, was made by Infineon's `RSALib` as it was until 2017 (ROCA, CVE-2017-15361).
///
/// The library built every prime as `k * M + (65537^a mod M)`, with `M` a product of the first primes: 39 or more of them,
/// by the key's size. The modulus is then a power of 65537 modulo `M` too, and one exponent serves for all of `M`'s primes.
/// Any other modulus satisfies that with a probability of 2^-154 (Nemec, Sys, Svenda, Klinec, Matyas: "The Return of
/// Coppersmith's Attack", CCS 2017, section 2).
pub(super) fn is_roca(modulus: &[u8]) -> bool {
    let mut exponents = Vec::with_capacity(PRIMES.len());
    for prime in PRIMES {
        match logarithm(remainder(modulus, prime), prime) {
            Some(found) => exponents.push(found),
            None => return false,
        }
    }
    // The Chinese remainder theorem for moduli that share factors: one exponent serves all when it serves each two.
    exponents.iter().all(|(one, its_order)| {
        exponents
            .iter()
            .all(|(other, order)| one.abs_diff(*other) % common_divisor(*its_order, *order) == 0)
    })
}

/// The exponent to which 65537 is `power` modulo `prime`, and the order of 65537: exponents are the same modulo that.
fn logarithm(power: u32, prime: u32) -> Option<(u32, u32)> {
    let (mut exponent, mut order, mut current) = (None, 0, 1);
    loop {
        if current == power {
            exponent = Some(order);
        }
        current = current * (GENERATOR % prime) % prime;
        order += 1;
        if current == 1 {
            return exponent.map(|it| (it, order));
        }
    }
}

fn remainder(big_endian: &[u8], prime: u32) -> u32 {
    big_endian
        .iter()
        .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `number * factor + plus`, big-endian, with as many digits as it takes.
    fn times_plus(number: &[u8], factor: u32, plus: &[u8]) -> Vec<u8> {
        let mut result = Vec::new();
        let mut carry = 0;
        let (mut digits, mut further) = (number.iter().rev(), plus.iter().rev());
        loop {
            let (digit, added) = (digits.next(), further.next());
            if digit.is_none() && added.is_none() && carry == 0 {
                result.reverse();
                return result;
            }
            carry += u32::from(*digit.unwrap_or(&0)) * factor + u32::from(*added.unwrap_or(&0));
            result.push(carry.to_le_bytes()[0]);
            carry >>= 8;
        }
    }

    fn power(exponent: u32) -> Vec<u8> {
        (0..exponent).fold(vec![1], |it, _| times_plus(&it, GENERATOR, &[]))
    }

    #[test]
    fn powers_of_the_generator_are_found() {
        for exponent in [0, 1, 2, 77, 150] {
            let power = power(exponent);
            assert!(is_roca(&power), "{exponent}");
            for other in 1..=20 {
                assert!(
                    !is_roca(&times_plus(&power, 1, &[other])),
                    "{exponent}, {other}"
                );
            }
        }
    }

    /// A power modulo each prime, with an exponent that is one too high at one of them.
    #[test]
    fn one_exponent_must_serve_all_primes() {
        let power = power(150);
        for odd in PRIMES {
            let others = PRIMES.iter().filter(|it| **it != odd);
            let step = others.fold(vec![1], |it, prime| times_plus(&it, *prime, &[]));
            let wanted = remainder(&power, odd) * (GENERATOR % odd) % odd;
            let found = (1..odd)
                .map(|count| times_plus(&step, count, &power))
                .find(|it| remainder(it, odd) == wanted)
                .expect("the step is no multiple of the prime");
            assert!(
                PRIMES
                    .iter()
                    .all(|prime| logarithm(remainder(&found, *prime), *prime).is_some())
            );
            // The order at 107 is 53, which divides no other: any exponent there goes with any elsewhere.
            assert_eq!(is_roca(&found), odd == 107, "{odd}");
        }
    }

    /// The orders by which the exponents are compared.
    #[test]
    fn logarithms_come_with_the_order() {
        assert_eq!(logarithm(1, 3), Some((0, 2)));
        assert_eq!(logarithm(2, 3), Some((1, 2)));
        // 65537 is 4 modulo 13, whose powers are 1, 4, 3, 12, 9 and 10.
        assert_eq!(logarithm(3, 13), Some((2, 6)));
        assert_eq!(logarithm(10, 13), Some((5, 6)));
        assert_eq!(logarithm(2, 13), None);
        assert_eq!(logarithm(0, 13), None);
    }
}
