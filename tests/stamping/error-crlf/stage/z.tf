a
b {{ .cfg.nope }}
