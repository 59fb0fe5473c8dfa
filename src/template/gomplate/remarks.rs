//! What users should know of some functions of gomplate: `docs/functions.md` shows it.

const UNREPEATABLE: &str = "the stage is not reproducible";
const EXPRESSIONS: &str = "expressions that Rust reads otherwise than Go are handed over";
const OF_INTERFACES: &str = "works on the interfaces of this machine, which only gomplate reads";

/// What is not as in the real gomplate, or is left to it in part.
pub const REMARKS: &[(&str, &str)] = &[
    ("_datasource.Datasource", "undocumented"),
    ("_datasource.DatasourceExists", "undocumented"),
    ("_datasource.DatasourceReachable", "undocumented"),
    ("_datasource.DefineDatasource", "undocumented"),
    ("_datasource.Include", "undocumented"),
    ("_datasource.ListDatasources", "undocumented"),
    (
        "crypto.Bcrypt",
        "the stage is not reproducible; costs above 18 are handed over",
    ),
    (
        "coll.Append",
        "a list that grew so itself, and is appended to twice, is handed over: gomplate overwrites the first",
    ),
    (
        "coll.JQ",
        "handed over: programs that fail, take more than a million steps, or walk through a value again and again, values deeper than 32, unusual regular expressions, dates, `env`, `input`, the text of \
         a caught error, functions that call themselves or have `$` parameters, rare functions, integers of more than 64 bits, two \
         parts with several results each in one operation (`(1,2) + (3,4)`), and values of Go that JSON does not have",
    ),
    (
        "coll.JSONPath",
        "`range` loops, backslashes in quotes, and times and the like in the data are handed over; the entries of a map that `*` or \
         `..` find come in the order of their keys: gomplate has them in another order each time",
    ),
    (
        "coll.Sort",
        "values that gomplate cannot compare are handed over",
    ),
    (
        "conv.ToInt",
        "floats that do not fit are handed over: processors differ",
    ),
    (
        "conv.ToInt64",
        "floats that do not fit are handed over: processors differ",
    ),
    (
        "conv.URL",
        "URLs with escapes or IPv6 addresses, and some methods, are handed over",
    ),
    ("data.JSON", "what only a YAML parser reads is handed over"),
    (
        "data.JSONArray",
        "what only a YAML parser reads is handed over",
    ),
    (
        "data.TOML",
        "times, and what is new in TOML, are handed over",
    ),
    (
        "data.ToYAML",
        "what is not sure to be written alike is handed over",
    ),
    (
        "data.YAML",
        "tags, merged maps, times, tabs, and errors are handed over",
    ),
    (
        "data.YAMLArray",
        "tags, merged maps, times, tabs, and errors are handed over",
    ),
    (
        "datasource",
        "files, directories, `env:`, `stdin:` and `merge:` are embedded; other schemes, CUE, encrypted JSON, and files whose media type only the machine knows are handed over",
    ),
    (
        "datasourceReachable",
        "other schemes than those of `datasource` are handed over",
    ),
    (
        "include",
        "files, directories, `env:`, `stdin:` and `merge:` are embedded; other schemes are handed over",
    ),
    (
        "file.Stat",
        "the stage is rendered each time, since times and modes are in no digest; `Sys` is handed over",
    ),
    (
        "file.Write",
        "handed over: rendering has no effects here, but gomplate writes whenever the stage is looked at",
    ),
    ("math.Pow", "roots and powers out of range are handed over"),
    (
        "net.CIDRHost",
        "experimental: `experimental: true` in `.gomplate.yaml`, or `GOMPLATE_EXPERIMENTAL=true`",
    ),
    ("net.CIDRNetmask", "experimental"),
    ("net.CIDRSubnetSizes", "experimental"),
    (
        "net.CIDRSubnets",
        "experimental; more than 65536 networks are handed over",
    ),
    ("random.ASCII", UNREPEATABLE),
    ("random.Alpha", UNREPEATABLE),
    ("random.AlphaNum", UNREPEATABLE),
    ("random.Float", UNREPEATABLE),
    ("random.Item", UNREPEATABLE),
    ("random.Number", UNREPEATABLE),
    ("random.String", UNREPEATABLE),
    ("regexp.Find", EXPRESSIONS),
    ("regexp.FindAll", EXPRESSIONS),
    ("regexp.Match", EXPRESSIONS),
    ("regexp.Replace", EXPRESSIONS),
    ("regexp.ReplaceLiteral", EXPRESSIONS),
    ("regexp.Split", EXPRESSIONS),
    ("sockaddr.Attr", OF_INTERFACES),
    ("sockaddr.Exclude", OF_INTERFACES),
    ("sockaddr.Include", OF_INTERFACES),
    ("sockaddr.Join", OF_INTERFACES),
    ("sockaddr.Limit", OF_INTERFACES),
    ("sockaddr.Math", OF_INTERFACES),
    ("sockaddr.Offset", OF_INTERFACES),
    ("sockaddr.Sort", OF_INTERFACES),
    ("sockaddr.Unique", OF_INTERFACES),
    (
        "strings.CamelCase",
        "letters other than Latin, Greek and Cyrillic are handed over",
    ),
    ("strings.Slug", "letters other than Latin are handed over"),
    (
        "strings.Title",
        "letters other than Latin, Greek and Cyrillic are handed over",
    ),
    ("strings.ToLower", "a Greek capital sigma is handed over"),
    ("time.Now", UNREPEATABLE),
    (
        "time.Parse",
        "an abbreviation of a time zone is handed over unless the zone of the machine is UTC",
    ),
    (
        "time.ParseInLocation",
        "a zone that the machine does not have is handed over",
    ),
    ("time.Since", UNREPEATABLE),
    ("time.Until", UNREPEATABLE),
    ("time.ZoneName", UNREPEATABLE),
    ("time.ZoneOffset", UNREPEATABLE),
    ("uuid.V1", UNREPEATABLE),
    ("uuid.V4", UNREPEATABLE),
    ("uuid.V7", "came after gomplate 5.2.0"),
];
