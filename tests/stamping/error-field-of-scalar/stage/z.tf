{{ .cfg.port.x }}
