def null: [][0];
def true: 0 == 0;
def false: 0 != 0;
def not: if . then false else true end;
def empty: {}[] as $x | .;
def error: core_fail as $x | .;
def error($value): $value | error;
def select(f): if f then . else empty end;

def map(f): [.[] | f];
def map_values(f): .[] |= f;
def add(f): [f] | add;
def in(f): . as $key | f | has($key);
def inside($of): . as $part | $of | contains($part);

def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def nulls: select(. == null);
def values: select(. != null);
def scalars: select(type | . != "array" and . != "object");

def recurse(f): def each: core_tick | ., (f | each); each;
def recurse: recurse(.[]?);
def recurse(f; condition): recurse(f | select(condition));
def while(condition; f): def each: core_tick | if condition then ., (f | each) else empty end; each;
def until(condition; f): def each: core_tick | if condition then . else f | each end; each;
def repeat(f): def each: core_tick | f, each; each;
def range($from; $to; $by): core_check_range($from; $to; $by) | core_range($from; $to; $by);
def range($from; $to): range($from; $to; 1);
def range($to): range(0; $to; 1);

def first(f): core_first(f);
def last(f): core_last(f);
def limit($count; f): if $count >= 0 then core_limit($count; f) else core_fail end;
def skip($count; f): if $count >= 0 then core_skip($count; f) else core_fail end;
def first: .[0];
def last: .[-1];
def nth($at): .[$at];
def nth($at; f): if $at >= 0 then core_first(core_skip($at; f)) else core_fail end;
def isempty(f): core_first((f | false), true);
def all(g; f): isempty(g | select(f | not));
def any(g; f): isempty(g | select(f)) | not;
def all(f): all(.[]; f);
def any(f): any(.[]; f);
def all: all(.[]; .);
def any: any(.[]; .);
def IN(f): any(f == .; .);

def sort_by(f): core_sort_by(map([f]));
def group_by(f): core_group_by(map([f]));
def unique_by(f): core_unique_by(map([f]));
def min_by(f): core_min_by(map([f]));
def max_by(f): core_max_by(map([f]));
def to_entries: [keys[] as $key | {key: $key, value: .[$key]}];
def with_entries(f): to_entries | map(f) | from_entries;
def walk(f): def each: if type == "array" then map(each) elif type == "object" then map_values(each) else . end | f; each;

def path(f): core_path(f);
def paths: core_path(..) | select(. != []);
def paths(f): core_path(.. | select(f)) | select(. != []);
def del(f): delpaths([core_path(f)]);
def pick(f): . as $whole | reduce core_path(f) as $path (null; setpath($path; $whole | getpath($path)));
