{{ time.Unix "1.08" }}
