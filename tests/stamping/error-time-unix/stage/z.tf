{{ time.Unix 1.5 }}
