x {{ .Env.NOPE_NOT_SET }}
