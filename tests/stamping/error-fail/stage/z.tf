{{ fail "stop, now" }}
