{{ time.ParseDuration "1x" }}
