//! `crypto`: digests, and what is derived from passwords. Keys and ciphers are gomplate's.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

use crate::template::function::{Function, Functions, Signature};
use crate::template::gomplate::conv::{text, to_int64};
use crate::template::gomplate::encoding::bytes;
use crate::template::gomplate::{Entry, fixed, handover, namespace, open};
use crate::template::host::Host;
use crate::template::kind::Type;
use crate::template::value::Value;

type Digesting = fn(&[u8]) -> Vec<u8>;

/// The digests by their names: with the text's, and with the bytes' function.
const DIGESTS: [(&str, &str, Digesting); 7] = [
    ("SHA1", "SHA1Bytes", |bytes| Sha1::digest(bytes).to_vec()),
    ("SHA224", "SHA224Bytes", |bytes| {
        Sha224::digest(bytes).to_vec()
    }),
    ("SHA256", "SHA256Bytes", |bytes| {
        Sha256::digest(bytes).to_vec()
    }),
    ("SHA384", "SHA384Bytes", |bytes| {
        Sha384::digest(bytes).to_vec()
    }),
    ("SHA512", "SHA512Bytes", |bytes| {
        Sha512::digest(bytes).to_vec()
    }),
    ("SHA512_224", "SHA512_224Bytes", |bytes| {
        Sha512_224::digest(bytes).to_vec()
    }),
    ("SHA512_256", "SHA512_256Bytes", |bytes| {
        Sha512_256::digest(bytes).to_vec()
    }),
];

pub(super) fn add(functions: &mut Functions) {
    const FOUR: &[Type] = &[Type::Any, Type::Any, Type::Any, Type::Any];
    let mut entries = vec![
        open("PBKDF2", None, FOUR, Type::Str, Type::Str, |_, args| {
            let hash = args.get(4).and_then(Value::as_text).unwrap_or(b"SHA1");
            derived(args, hash)
        }),
        fixed(
            "WPAPSK",
            None,
            &[Type::Any, Type::Any],
            Type::Str,
            |_, args| {
                let (name, password) = (args[0].clone(), args[1].clone());
                derived(&[password, name, Value::Int(4096), Value::Int(32)], b"SHA1")
            },
        ),
    ];
    entries.push(open("Bcrypt", None, &[], Type::Any, Type::Str, bcrypt));
    for (as_text, as_bytes, digest) in DIGESTS {
        let shown = move |args: &[Value]| Ok(hex(&digest(&bytes(&args[0])?)).into());
        let plain = move |args: &[Value]| Ok(Value::bytes(digest(&bytes(&args[0])?)));
        entries.push(entry(as_text, Type::Str, shown));
        entries.push(entry(as_bytes, Type::BYTES, plain));
    }
    namespace(functions, "crypto", "*funcs.CryptoFuncs", entries);
}

fn entry(
    name: &'static str,
    result: Type,
    body: impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static,
) -> Entry {
    Entry {
        name,
        alias: None,
        function: Function::new(Signature::new(&[Type::Any], result), move |_, args| {
            body(args)
        }),
    }
}

/// A key from password, salt, rounds and length.
fn derived(args: &[Value], hash: &[u8]) -> Result<Value, String> {
    let derive: fn(&[u8], &[u8], u32, &mut [u8]) = match hash {
        b"SHA1" | b"SHA-1" => pbkdf2_hmac::<Sha1>,
        b"SHA224" | b"SHA-224" => pbkdf2_hmac::<Sha224>,
        b"SHA256" | b"SHA-256" => pbkdf2_hmac::<Sha256>,
        b"SHA384" | b"SHA-384" => pbkdf2_hmac::<Sha384>,
        b"SHA512" | b"SHA-512" => pbkdf2_hmac::<Sha512>,
        b"SHA512_224" | b"SHA512/224" | b"SHA-512_224" | b"SHA-512/224" => {
            pbkdf2_hmac::<Sha512_224>
        }
        b"SHA512_256" | b"SHA512/256" | b"SHA-512_256" | b"SHA-512/256" => {
            pbkdf2_hmac::<Sha512_256>
        }
        other => return Err(format!("no such hash {}", String::from_utf8_lossy(other))),
    };
    let (password, salt) = (bytes(&args[0])?, bytes(&args[1])?);
    let number = |what: &str, value: &Value| {
        to_int64(value).map_err(|why| format!("{what} must be an integer: {why}"))
    };
    let rounds = u32::try_from(number("iter", &args[2])?);
    let length = usize::try_from(number("keylen", &args[3])?);
    match (rounds, length) {
        (Ok(rounds @ 1..=1_000_000), Ok(length @ 1..=1024)) => {
            let mut key = vec![0; length];
            derive(&password, &salt, rounds, &mut key);
            Ok(hex(&key).into())
        }
        _ => handover("an unusual number of rounds, or length of a key"),
    }
}

/// A password with a salt by chance, as bcrypt has it. Costs are powers of two.
fn bcrypt(host: &mut dyn Host, args: &[Value]) -> Result<Value, String> {
    const USUAL: i64 = 10;
    host.note_unrepeatable("crypto.Bcrypt");
    let (cost, password) = match args {
        [password] => (USUAL, password),
        [cost, password] => {
            let cost = to_int64(cost);
            let cost = cost.map_err(|why| format!("bcrypt cost must be an integer: {why}"));
            (cost?, password)
        }
        _ => {
            let found = args.len();
            return Err(format!("wrong number of args: want 1 or 2, got {found}"));
        }
    };
    let password = text(password)?;
    if password.len() > 72 {
        return Err("bcrypt: password length exceeds 72 bytes".to_owned());
    }
    let cost = match cost {
        ..4 => USUAL,
        4..=18 => cost,
        19..=31 => return handover("a password that takes minutes or more to derive"),
        _ => {
            return Err(format!(
                "crypto/bcrypt: cost {cost} is outside allowed inclusive range 4..31"
            ));
        }
    };
    let mut salt = [0; 16];
    host.random(&mut salt)?;
    Ok(salted(&password, u32::try_from(cost).unwrap_or_default(), salt)?.into())
}

fn salted(password: &[u8], cost: u32, salt: [u8; 16]) -> Result<String, String> {
    let parts = ::bcrypt::hash_with_salt(password, cost, salt);
    let parts = parts.map_err(|error| error.to_string())?;
    Ok(parts.format_for_version(::bcrypt::Version::TwoA))
}

fn hex(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        shown.push_str(&format!("{byte:02x}"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::salted;

    /// What gomplate 5.2.0 made of passwords.
    #[test]
    fn bcrypt_is_gomplates() {
        let longest = [b'x'; 72];
        let cases: [(&[u8], &str); 6] = [
            (
                b"",
                "$2a$04$n0UPbQKEW4NAcFzafxQTXejvuc/H2uKOAun4pLsp3Pz8If9MnmpF6",
            ),
            (
                "h\u{e9}llo".as_bytes(),
                "$2a$04$zGvuhwqNX7Uq1bN2sqXnlOQrCh0nyNnGPdUphTT09EmNC83lsj3ai",
            ),
            (
                &longest,
                "$2a$05$dcoryh4LS4LvrQFgLwI9hup5yJjtRyVUml2.t0WUWzY9IAQLsy4P6",
            ),
            (
                b"a\0b",
                "$2a$04$uhAx6Qm2P.xHNQhq7gqsNuwsImu/fXVykQ9.uVKXfBHH9F6HCugMe",
            ),
            (
                b"\xff\xa3",
                "$2a$04$N.6PU4Bj3T9muF4ACLH2T./IVeXMSb/ZiaTPB6JaVWo2o/Cn3t.wa",
            ),
            (
                b"a",
                "$2a$10$CXcxFrO3YULweFneEa8er.7eOs9/NC3.iDZ3mT7IswzGRz/TFlIla",
            ),
        ];
        for (password, expected) in cases {
            let parts: bcrypt::HashParts = expected.parse().unwrap();
            let made = salted(password, parts.get_cost(), parts.get_salt_raw());
            assert_eq!(made.unwrap(), expected);
        }
    }
}
