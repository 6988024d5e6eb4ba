//! Pseudo-random choices that are the same in every run.

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `bound`, which is small: the bias does not matter.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("64 bits");
        usize::try_from(self.next() % bound).expect("it is less than a usize")
    }

    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// A JSON value of at most `depth` levels, as text.
    pub(crate) fn json(&mut self, depth: usize) -> String {
        const SCALARS: &[&str] = &[
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-1",
            "1.5",
            "-2.25e-3",
            "1e30",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "123456789012345678901234567890",
            r#""""#,
            r#""microservice""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u00e9\ud83d\ude00\u0000""#,
            r#""δῆμος""#,
            r#""日本語""#,
            r#""🦀👩‍👩‍👧""#,
            "\"\u{202e}right to left\"",
            "\"\u{2028}\u{2029}\u{7f}\u{feff}\"",
            r#""https://api.example.com""#,
        ];
        const NAMES: &[&str] = &[
            "a",
            "",
            "source ",
            "Source",
            "x-source",
            "é",
            "名前",
            "🦀",
            r"\u0061b",
            r"\ud83e\udd80",
            "__proto__",
            "constructor",
            "toString",
            "hasOwnProperty",
            "length",
            "a.b",
            "https://example.com/claims/x",
        ];
        match if depth == 0 { 0 } else { self.below(4) } {
            1 => {
                let items: Vec<_> = (0..self.below(4)).map(|_| self.json(depth - 1)).collect();
                format!("[{}]", items.join(","))
            }
            2 => {
                let members: Vec<_> = (0..self.below(4))
                    .map(|_| format!("\"{}\":{}", self.one_of(NAMES), self.json(depth - 1)))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
            _ => (*self.one_of(SCALARS)).to_owned(),
        }
    }
}
