{{ (time.Unix 0).Add "x" }}
