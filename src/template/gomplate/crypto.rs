//! `crypto`: digests, and keys that are derived from passwords. Keys and ciphers are gomplate's.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

use crate::template::function::{Function, Functions, Signature};
use crate::template::gomplate::conv::to_int64;
use crate::template::gomplate::encoding::bytes;
use crate::template::gomplate::{Entry, fixed, handover, namespace, open};
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

fn hex(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        shown.push_str(&format!("{byte:02x}"));
    }
    shown
}
