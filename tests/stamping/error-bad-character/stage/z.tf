{{ .cfg.a-b }}
