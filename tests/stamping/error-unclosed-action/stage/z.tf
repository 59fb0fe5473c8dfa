x
{{ .cfg.a
