//! Punycode (RFC 3492) as v0 names use it, with `_` for the hyphen.

/// Longest text decoded: each character may move all before it.
const MAX_LENGTH: usize = 512;

/// Decodes one identifier; `None` if it is malformed or absurdly long.
pub(super) fn decode(text: &str) -> Option<String> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (plain, deltas) = text.rsplit_once('_').unwrap_or(("", text));
    if deltas.is_empty() {
        return None;
    }
    let mut chars: Vec<char> = plain.chars().collect();
    let mut code: u32 = 128;
    let mut place: u32 = 0;
    let mut bias: u32 = 72;
    let mut first = true;
    let mut digits = deltas.bytes().peekable();
    while digits.peek().is_some() {
        let delta = variable_length(&mut digits, bias)?;
        let count = u32::try_from(chars.len()).ok()?.checked_add(1)?;
        place = place.checked_add(delta)?;
        code = code.checked_add(place / count)?;
        place %= count;
        bias = adapt(delta, count, first);
        first = false;
        chars.insert(usize::try_from(place).ok()?, char::from_u32(code)?);
        place += 1;
    }
    Some(chars.into_iter().collect())
}

/// One number whose digits grow in weight until one is below its threshold.
fn variable_length(digits: &mut impl Iterator<Item = u8>, bias: u32) -> Option<u32> {
    let mut value: u32 = 0;
    let mut weight: u32 = 1;
    let mut k: u32 = 36;
    loop {
        let digit = match digits.next()? {
            b @ b'a'..=b'z' => b - b'a',
            b @ b'A'..=b'Z' => b - b'A',
            b @ b'0'..=b'9' => b - b'0' + 26,
            _ => return None,
        };
        let digit = u32::from(digit);
        value = value.checked_add(digit.checked_mul(weight)?)?;
        let threshold = k.saturating_sub(bias).clamp(1, 26);
        if digit < threshold {
            return Some(value);
        }
        weight = weight.checked_mul(36 - threshold)?;
        k += 36;
    }
}

fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn identifiers_decode() {
        let cases = [
            ("gdel_5qa", "gödel"),
            ("f_5gaa", "føø"),
            ("__ylb7e", "α_ω"),
            ("n84amf", "铁锈"),
            ("fq9h", "🤦"),
            ("2xaedc", "ρυστ"),
        ];
        for (text, want) in cases {
            assert_eq!(decode(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn broken_text_is_refused() {
        for text in ["", "_", "abc_", "99999999", "é", "a_é", "zzzzzzzzzzzzzz"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode(&"a".repeat(600)), None);
    }
}
