{{ time.RFC3339 "x" }}
