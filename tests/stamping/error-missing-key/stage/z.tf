a
b = {{ .cfg.nope }}
