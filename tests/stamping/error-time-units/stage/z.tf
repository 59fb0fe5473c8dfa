{{ time.Hour }}
